"""Writes pictures/ and decoded_by_pillow.csv, the oracle of decode_test.cpp. Needs Pillow; run only to change them.

Every picture is 48 x 32 before orientation: six blocks of 16 x 16, two rows of three. A row of the table is the file,
width, height and the colour that Pillow's exif_transpose and convert("RGB") give the middle of each block, row by row.
One thing is done better than by Pillow, whose convert("RGB") clips 16-bit grey at 255 and so turns it white: the upper
8 bits are taken, as Pillow itself does for 16-bit RGB.
"""
import pathlib
import struct
import zlib

from PIL import Image, ImageOps

FOLDER = pathlib.Path(__file__).parent / "pictures"
COLOURS = [(200, 30, 40), (20, 180, 60), (30, 50, 210), (250, 240, 20), (128, 128, 128), (10, 200, 200)]
ALPHAS = [255, 128, 0, 255, 30, 200]


def blocks(mode, values):
    picture = Image.new(mode, (48, 32))
    for i, value in enumerate(values):
        picture.paste(value, (16 * (i % 3), 16 * (i // 3), 16 * (i % 3) + 16, 16 * (i // 3) + 16))
    return picture


def png_chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def write_png16(file, colour_type, values):
    """16 bits a channel, whose lower 8 are 0xff: rounding instead of taking the upper 8 would show."""
    rows = b""
    for y in range(32):
        rows += b"\0"
        for x in range(48):
            rows += b"".join(struct.pack(">H", v << 8 | 0xFF) for v in values[3 * (y // 16) + x // 16])
    header = struct.pack(">IIBBBBB", 48, 32, 16, colour_type, 0, 0, 0)
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(rows, 9))
                     + png_chunk(b"IEND", b""))


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def write_pictures():
    rgb = blocks("RGB", COLOURS)
    rgba = blocks("RGBA", [c + (a,) for c, a in zip(COLOURS, ALPHAS)])
    grey = rgb.convert("L")
    rgb.save(FOLDER / "rgb.jpg", quality=95)
    rgb.save(FOLDER / "progressive.jpg", quality=95, progressive=True)
    grey.save(FOLDER / "grey.jpg", quality=95)
    blocks("CMYK", [(0, 200, 180, 20), (230, 10, 150, 60), (200, 190, 0, 10), (0, 0, 250, 0), (0, 0, 0, 128),
                    (220, 0, 30, 40)]).save(FOLDER / "cmyk.jpg", quality=95)
    for orientation in range(2, 9):
        rgb.save(FOLDER / f"orientation{orientation}.jpg", quality=95, exif=exif(orientation))
    rgb.save(FOLDER / "orientation6.png", exif=exif(6))
    for orientation in range(2, 9):
        rgb.save(FOLDER / f"orientation{orientation}.webp", lossless=True, exif=exif(orientation))
    rgba.save(FOLDER / "rgba.png")
    rgba.save(FOLDER / "rgba.webp", lossless=True, exact=True)
    rgba.convert("LA").save(FOLDER / "grey_alpha.png")
    rgb.quantize(6).save(FOLDER / "palette.png")
    rgb.quantize(6).save(FOLDER / "palette_transparent.png", transparency=2)
    grey.convert("1", dither=Image.Dither.NONE).save(FOLDER / "bilevel.png")
    rgb.save(FOLDER / "rgb.webp", quality=95)
    rgb.save(FOLDER / "rgb.bmp")
    rgb.quantize(6).save(FOLDER / "palette.bmp")
    write_png16(FOLDER / "rgb16.png", 2, COLOURS)
    write_png16(FOLDER / "rgba16.png", 6, [c + (a,) for c, a in zip(COLOURS, ALPHAS)])
    write_png16(FOLDER / "grey16.png", 0, [(c[0],) for c in COLOURS])


def write_table():
    lines = ["file,width,height," + ",".join(f"r{i},g{i},b{i}" for i in range(6))]
    for file in sorted(FOLDER.iterdir()):
        picture = ImageOps.exif_transpose(Image.open(file))
        if picture.mode.startswith("I"):
            picture = Image.frombytes("L", picture.size, bytes(v >> 8 for v in picture.get_flattened_data()))
        picture = picture.convert("RGB")
        columns = picture.width // 16
        middles = [picture.getpixel((16 * (i % columns) + 8, 16 * (i // columns) + 8)) for i in range(6)]
        lines.append(",".join(map(str, [file.name, picture.width, picture.height, *(v for m in middles for v in m)])))
    (FOLDER.parent / "decoded_by_pillow.csv").write_text("\n".join(lines) + "\n")


FOLDER.mkdir(exist_ok=True)
write_pictures()
write_table()
