"""Draws a Vega-Lite specification: render_chart.py SPEC.json OUT.svg|OUT.png|OUT.pdf ...

Needs vl_convert (scripts/setup.sh installs it). Exit codes: 0 done, 2 usage, 3 no vl_convert, 1 not drawn.
"""

import sys


def main(arguments):
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        import vl_convert
    except ImportError:
        print("vl_convert is not installed for " + sys.executable, file=sys.stderr)
        return 3
    draw = {
        "svg": lambda text: vl_convert.vegalite_to_svg(text).encode(),
        "png": lambda text: vl_convert.vegalite_to_png(text, scale=2),
        "pdf": lambda text: vl_convert.vegalite_to_pdf(text),
    }
    with open(arguments[0], encoding="utf-8") as file:
        specification = file.read()
    for output in arguments[1:]:
        ending = output.rsplit(".", 1)[-1].lower()
        if ending not in draw:
            print("cannot draw " + output + ": svg, png and pdf are known", file=sys.stderr)
            return 2
        picture = draw[ending](specification)
        with open(output, "wb") as file:
            file.write(picture)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
