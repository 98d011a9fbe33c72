#!/usr/bin/env bash
# Installs what building and running the project needs: Debian packages (as root or with a password-less sudo) and,
# into .venv, the pinned wheels of scripts/requirements. Run it as often as you like; nothing to do takes a moment.
#   scripts/setup.sh [--tests] [--cuda] [--developer] [--python PROGRAM]
# Exit codes: 0 done, 2 usage, 4 something is missing that only you can provide (it says what).
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: scripts/setup.sh [options]
  --tests           also the PostgreSQL server that a test starts for itself ('make test' says so)
  --cuda            also the libraries that LibTorch needs on a GPU (preset gpu), and what Python needs to import torch
  --developer       also clang-format and clang-tidy
  --python PROGRAM  the Python (3.10 to 3.14) that makes .venv; python3 by default
  --help            this text
TEXT
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$root/.venv
stamp=$venv/effnet-requirements
unfinished=$venv/effnet-unfinished

packages=(
  g++ cmake ninja-build ccache make git python3 python3-venv           # tools
  zlib1g-dev liblzma-dev libopencv-dev libfmt-dev                      # pictures and text
  libcli11-dev libtomlplusplus-dev nlohmann-json3-dev libsqlitecpp-dev # commands, files, trial store
  libpqxx-dev                                                          # trial store on a PostgreSQL server
  catch2                                                               # tests
  dataset-fashion-mnist                                                # 70,000 pictures for the demo
)
cuda=no
python=python3
while (($#)); do
  case $1 in
    --tests) packages+=(postgresql) ;;
    --cuda) cuda=yes ;;
    --developer) packages+=(clang-format clang-tidy clang-tools) ;;
    --python) python=${2:?--python needs a program}; shift ;;
    --help | -h) usage; exit 0 ;;
    *) echo "setup: unknown option '$1'" >&2; usage >&2; exit 2 ;;
  esac
  shift
done

say() { printf 'setup: %s\n' "$*" >&2; }
give_up() { say "$*"; exit 4; }

# Prints the packages of the list that are not installed.
missing_packages() {
  local installed
  installed=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null |
    sed -n 's/^installed //p' || true)
  comm -23 <(printf '%s\n' "${packages[@]}" | sort -u) <(sort -u <<<"$installed")
}

install_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "this is not a Debian system; install the equivalents of: ${packages[*]}"
    say "(Fashion-MNIST can be anywhere: the commands take --data-dir)"
    return
  fi
  local missing become_root=()
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]})) || return 0
  if ((EUID != 0)); then
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
      become_root=(sudo)
    else
      say "these Debian packages are missing; install them, then run this again:"
      printf '  sudo apt-get install --no-install-recommends %s\n' "${missing[*]}" >&2
      exit 4
    fi
  fi
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  local log
  log=$(mktemp)
  if ! { "${become_root[@]}" apt-get update &&
    "${become_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install --yes --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    give_up "apt-get failed (all of its output: $log); nothing else was changed"
  fi
  rm -f "$log"
}

# An installed CUDA 13 toolkit provides the large libraries; then only three small wheels are needed beside it.
toolkit_has_libraries() {
  local listed name
  listed=$({ ldconfig -p || /sbin/ldconfig -p; } 2>/dev/null) || return 1
  for name in libcudnn.so.9 libcublas.so.13 libcublasLt.so.13 libcufft.so.12 libcurand.so.10 libcusolver.so.12 \
    libcusparse.so.12 libnccl.so.2 libnvJitLink.so.13 libnvrtc.so.13; do
    grep -qF "$name " <<<"$listed" || return 1
  done
}

choose_requirements() {
  requirements=(torch.txt charts.txt)
  size="580 MB"
  if [[ $cuda == yes || $(head -n 1 "$stamp" 2>/dev/null) == *torch-cuda* ]]; then
    requirements+=(torch-python.txt)
    if toolkit_has_libraries; then
      requirements+=(torch-cuda-toolkit.txt)
      size="820 MB"
    else
      requirements+=(torch-cuda.txt)
      size="2.6 GB"
    fi
  fi
}

# The stamp is the list of requirement files and their lines: it is written last, so it vouches for the whole folder.
wanted_stamp() {
  printf '%s\n' "${requirements[*]}"
  (cd "$root/scripts/requirements" && grep -hv '^#' "${requirements[@]}")
}

wheels_are_there() {
  [[ -f $stamp && ! -e $unfinished ]] && wanted_stamp | cmp -s - "$stamp" && "$venv/bin/python" -c '' 2>/dev/null
}

check_python() {
  command -v "$python" >/dev/null || give_up "there is no '$python'; install Python 3.10 to 3.14 with its venv module, or name one by --python"
  "$python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 14))' ||
    give_up "$("$python" --version) cannot take the torch wheel; name a Python 3.10 to 3.14 by --python"
  "$python" -c 'import venv, ensurepip' 2>/dev/null ||
    give_up "'$python' has no venv module (Debian: python3-venv); install it, or name another Python by --python"
}

install_wheels() {
  wheels_are_there && return
  check_python
  local free_kib needed_kib=3000000
  [[ ${requirements[*]} == *torch-cuda.txt* ]] && needed_kib=9000000
  free_kib=$(df --output=avail -k "$root" | tail -n 1)
  ((free_kib >= needed_kib)) ||
    give_up "$root has $((free_kib / 1000)) MB free; $((needed_kib / 1000)) MB are needed for LibTorch"
  # A folder whose installation was interrupted is not trusted but made anew.
  if [[ -e $unfinished ]] || ! "$venv/bin/python" -c '' 2>/dev/null; then
    rm -rf "$venv"
    "$python" -m venv "$venv"
  fi
  : >"$unfinished"
  rm -f "$stamp"
  say "installing LibTorch and the chart renderer into .venv (downloads $size, less what is there already)"
  local file arguments=() progress=off
  for file in "${requirements[@]}"; do arguments+=(--requirement "$root/scripts/requirements/$file"); done
  [[ -t 2 ]] && progress=on
  "$venv/bin/python" -m pip install --quiet --no-deps --disable-pip-version-check --no-input \
    --progress-bar "$progress" "${arguments[@]}" >&2 ||
    give_up "pip could not install the wheels (see above); run this again when the cause is gone"
  [[ -n $(find "$venv" -name libtorch_cpu.so -print -quit) ]] || give_up "the torch wheel holds no libtorch_cpu.so"
  wanted_stamp >"$stamp"
  rm -f "$unfinished"
  say "done: $venv"
}

install_packages
choose_requirements
install_wheels
