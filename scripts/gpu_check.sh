#!/usr/bin/env bash
# Everything there is to know about a CUDA device: the tests with the label gpu, compute-sanitizer, the kernels, whole
# training steps and inference beside their peers. In a checkout it builds what it runs (preset gpu). A machine with the
# device but without the project's libraries takes a folder that was packed elsewhere and needs nothing but a Python with the
# torch that it was built for:
#   scripts/gpu_check.sh --pack gpu-check     # here: builds, and fills the folder (some 30 MB)
#   gpu-check/gpu_check.sh                    # there
# Exit codes: 0 all held, 1 something failed, 2 usage, 4 no device, or something is missing that only you can provide.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: scripts/gpu_check.sh [options] [step...]
Steps, all of them by default and in this order; each program of a step has a time limit of its own:
  tests      the tests for a device, and the operator library in Python
  sanitizer  the same tests under compute-sanitizer, where it is there and knows the device
  kernels    each launch of a training step beside cuDNN and LibTorch, and each of inference: kernels-NET.csv,
             inference-kernels-NET.csv
  train      training steps beside LibTorch, eager and as a graph, bfloat16 and fp16: train-NET.csv, train-NET-fp16.csv
  infer      inference beside LibTorch, the same ways, one picture and a large batch: infer-NET.csv
  peers      both by timm with torch.compile, where Python has timm: peers.jsonl
Options:
  --output FOLDER   for results; gpu-check-DATE by default
  --nets "b0 b3"    what to measure; "b0 b3 b7" by default
  --python PROGRAM  the Python that has torch; python3 by default
  --limit SECONDS   for one program; 540 by default
  --pack FOLDER     only build, and put all that another machine needs into FOLDER
  --help            this text
TEXT
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
output=gpu-check-$(date +%Y-%m-%d-%H%M%S)
nets="b0 b3 b7"
python=
limit=540
pack=
steps=()
all_steps=(tests sanitizer kernels train infer peers)
while (($#)); do
  case $1 in
    --output) output=${2:?--output needs a folder}; shift ;;
    --nets) nets=${2:?--nets needs nets}; shift ;;
    --python) python=${2:?--python needs a program}; shift ;;
    --limit) limit=${2:?--limit needs seconds}; shift ;;
    --pack) pack=${2:?--pack needs a folder}; shift ;;
    --help | -h) usage; exit 0 ;;
    tests | sanitizer | kernels | train | infer | peers) steps+=("$1") ;;
    *) echo "gpu_check: unknown option or step '$1'" >&2; usage >&2; exit 2 ;;
  esac
  shift
done
((${#steps[@]})) || steps=("${all_steps[@]}")

say() { printf 'gpu_check: %s\n' "$*" >&2; }
give_up() { say "$*"; exit 4; }

# ---- a folder with all that is run ----------------------------------------------------------------------------------

# Prints the program and arguments of each test with the label gpu, tab-separated behind its name.
gpu_tests() {
  ctest --test-dir "$1" --label-regex '^gpu$' --show-only=json-v1 | "$python" -c '
import json, sys
for test in json.load(sys.stdin)["tests"]:
    print("\t".join([test["name"], *test["command"]]))'
}

# In a checkout: builds, and fills the folder $1.
fill() {
  local root=$here/.. build=$here/../build-gpu folder=$1
  "$root/scripts/setup.sh" --cuda
  python=${python:-$root/.venv/bin/python}
  command -v nvcc >/dev/null || [[ -x /usr/local/cuda/bin/nvcc ]] || give_up "there is no nvcc; the kernels need CUDA 12 or later"
  # The list of tests may have grown since.
  cmake --preset gpu -S "$root" >"$root/build-gpu.log" 2>&1 || { cat "$root/build-gpu.log" >&2; exit 1; }
  mv "$root/build-gpu.log" "$build/configure.log"
  grep -q '^-- CUDA kernels: nvcc' "$build/configure.log" || give_up "the kernels are not compiled: $(grep 'CUDA kernels' "$build/configure.log")"
  cmake --build "$build" --parallel "${EFFNET_JOBS:-2}" --target effnet-bench effnet_operator_library gpu-tests
  local list
  list=$(gpu_tests "$build")
  [[ -n $list ]] || give_up "no test has the label gpu"

  mkdir -p "$folder/tests" "$folder/peers" "$folder/examples"
  : >"$folder/gpu_tests.txt"
  while IFS=$'\t' read -r name program arguments; do
    install -s "$program" "$folder/tests/"
    printf '%s\t%s\t%s\n' "$name" "$(basename "$program")" "$arguments" >>"$folder/gpu_tests.txt"
  done <<<"$list"
  install -s "$build/effnet-bench" "$build/libeffnet_ops.so" "$folder/"
  install "$here/gpu_check.sh" "$folder/"
  install -m 644 "$root"/scripts/peers/*.py "$folder/peers/"
  install -m 644 "$root/tests/ops/library_test.py" "$folder/tests/"
  install -m 644 "$root/docs/examples/timm_mbconv.py" "$folder/examples/"
  {
    "$build/effnet-bench" --version
    grep -h '^-- \(CUDA kernels\|LibTorch\|cuDNN\)' "$build/configure.log" | sed 's/^-- //; s/:* \/.*//'
  } >"$folder/built.txt"
}

# ---- running it -----------------------------------------------------------------------------------------------------

# The libraries of torch and of the wheels beside it, for programs that were linked elsewhere.
library_path() {
  "$python" -c '
import glob, importlib.util, os
torch = importlib.util.find_spec("torch").submodule_search_locations[0]
print(":".join([os.path.join(torch, "lib"), *glob.glob(os.path.join(os.path.dirname(torch), "nvidia", "*", "lib"))]))'
}

check_machine() {
  command -v "$python" >/dev/null || give_up "there is no '$python'; name a Python with torch by --python"
  local said
  said=$("$python" -c 'import torch; print(torch.__version__, torch.cuda.is_available())' 2>&1) ||
    give_up "$python cannot import torch (${said##*$'\n'}); name another one by --python"
  # Warnings may come before.
  said=${said##*$'\n'}
  [[ $said == *True ]] || give_up "torch ${said% *} sees no CUDA device here; nothing was run"
  local built
  built=$(sed -n 's/^LibTorch \([0-9]*\.[0-9]*\).*/\1/p' "$packed/built.txt")
  [[ ${said%%[+ ]*} == "$built".* ]] || give_up "this was built for torch $built; '$python' has ${said% *}"
  LD_LIBRARY_PATH=$(library_path)${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  export LD_LIBRARY_PATH
}

describe_machine() {
  date '+%Y-%m-%d %H:%M:%S %z'
  cat "$packed/built.txt"
  "$python" -c '
import torch
device = torch.cuda.get_device_properties(0)
print(f"{device.name}, sm_{device.major}{device.minor}, {device.multi_processor_count} processors, "
      f"{device.total_memory / 1e9:.0f} GB; torch {torch.__version__}, cuDNN {torch.backends.cudnn.version()}")'
  nvidia-smi --query-gpu=name,driver_version,clocks.max.sm,clocks.max.mem --format=csv,noheader 2>/dev/null || true
  uname -srm
}

held=0 failed=0 skipped=0

# attempt NAME LOG COMMAND...: runs it with both outputs to the log; a line to the summary.
attempt() {
  local name=$1 log=$output/$2 status=0 began=$SECONDS verdict
  shift 2
  printf '\n==== %s\n' "$name" >>"$log"
  timeout --kill-after=20 "$limit" "$@" >>"$log" 2>&1 || status=$?
  case $status in
    0) verdict=held; held=$((held + 1)) ;;
    77) verdict="skipped ($(tail -n 1 "$log"))"; skipped=$((skipped + 1)) ;;
    124 | 137) verdict="not done in $limit s"; failed=$((failed + 1)) ;;
    *) verdict="failed ($status), see $log"; failed=$((failed + 1)) ;;
  esac
  printf '%-44s %5d s  %s\n' "$name" $((SECONDS - began)) "$verdict" | tee -a "$output/summary.txt"
}

skip() {
  printf '%-44s %7s  skipped (%s)\n' "$1" "" "$2" | tee -a "$output/summary.txt"
  skipped=$((skipped + 1))
}

each_test() { # each_test LOG PREFIX...: every test program, behind the words of PREFIX
  local log=$1 name program arguments
  shift
  while IFS=$'\t' read -r name program arguments; do
    # shellcheck disable=SC2086  # arguments are words
    attempt "${1:+$(basename "$1") ${3:-}: }$name" "$log" "$@" "$packed/tests/$program" $arguments </dev/null
  done <"$packed/gpu_tests.txt"
}

has_timm() { "$python" -c 'import timm' 2>/dev/null; }

step_tests() {
  each_test tests.txt
  attempt "operator library in Python" tests.txt "$python" "$packed/tests/library_test.py" "$packed/libeffnet_ops.so"
  if has_timm; then
    for more in "" --all; do
      attempt "timm's blocks by the operator library $more" tests.txt "$python" "$packed/examples/timm_mbconv.py" \
        --library "$packed/libeffnet_ops.so" --device cuda --amp --batch 32 $more
    done
  else
    skip "timm's blocks by the operator library" "$python has no timm"
  fi
}

step_sanitizer() {
  local tool sanitizer="" candidate first
  for candidate in "$(command -v compute-sanitizer || true)" /usr/local/cuda/bin/compute-sanitizer; do
    if [[ -x $candidate ]]; then sanitizer=$candidate; break; fi
  done
  first=$(head -n 1 "$packed/gpu_tests.txt" | cut -f 2)
  if [[ -z $sanitizer ]]; then
    skip "compute-sanitizer" "it is not here"
  elif timeout "$limit" "$sanitizer" "$packed/tests/$first" --list-tests 2>&1 | grep -q 'Device not supported'; then
    skip "compute-sanitizer" "it does not know the device"
  else
    for tool in memcheck racecheck; do
      each_test "sanitizer-$tool.txt" "$sanitizer" --tool "$tool" --error-exitcode 9
    done
  fi
}

# Pictures at once, of the project's measurements and of its peers' alike: in a training step LibTorch saves 1.8 GB of maps
# for a picture of B7, and a graph keeps its own.
batch_of() {
  case $1 in
    b0 | b1) echo 256 ;;
    b2 | b3 | b4) echo 128 ;;
    b5) echo 48 ;;
    *) echo 24 ;;
  esac
}

step_kernels() {
  local net
  for net in $nets; do
    attempt "kernels of $net" "kernels-$net.txt" "$packed/effnet-bench" cuda-kernels "$net" \
      --batch "$(batch_of "$net")" --csv "$output/kernels-$net.csv"
    attempt "kernels of $net at inference" "kernels-$net.txt" "$packed/effnet-bench" cuda-kernels "$net" --inference \
      --batch "$(batch_of "$net")" --csv "$output/inference-kernels-$net.csv"
  done
}

step_train() {
  local net kind
  for net in $nets; do
    # One kind at a time: each peer holds its maps.
    for kind in "" -fp16; do
      attempt "training steps of $net beside LibTorch$kind" "train-$net.txt" "$packed/effnet-bench" train "$net" \
        --device cuda --peers "eager$kind,graph$kind" --batch "$(batch_of "$net")" --csv "$output/train-$net$kind.csv"
    done
  done
}

step_infer() {
  local net
  for net in $nets; do
    attempt "inference of $net beside LibTorch" "infer-$net.txt" "$packed/effnet-bench" infer "$net" --device cuda \
      --peers eager,graph,eager-fp16,graph-fp16 --batch "1,$(batch_of "$net")" --csv "$output/infer-$net.csv"
  done
}

timm_size() {
  case $1 in
    b0) echo 224 ;; b1) echo 240 ;; b2) echo 260 ;; b3) echo 300 ;;
    b4) echo 380 ;; b5) echo 456 ;; b6) echo 528 ;; *) echo 600 ;;
  esac
}

step_peers() {
  local net what how
  if ! has_timm; then
    skip "timm with torch.compile" "$python has no timm"
    return
  fi
  for net in $nets; do
    for what in "--train --batch $(batch_of "$net")" "--batch $(batch_of "$net")" "--batch 1"; do
      for how in "--mode eager" "--mode eager --graph" "" "--graph" "--mode max-autotune --graph"; do
        # shellcheck disable=SC2086  # $what and $how are words
        attempt "timm $net $what $how" peers.txt "$python" "$packed/peers/timm_compile.py" --device cuda \
          --model "tf_efficientnet_$net" --size "$(timm_size "$net")" --seconds 5 $what $how
      done
    done
  done
  grep -h '^{' "$output/peers.txt" >"$output/peers.jsonl" || true
}

if [[ -n $pack ]]; then
  [[ -f $here/setup.sh ]] || give_up "--pack works in a checkout"
  mkdir -p "$pack"
  fill "$(cd "$pack" && pwd)"
  say "packed: $pack ($(du -sh "$pack" | cut -f 1)); on the other machine run $(basename "$pack")/gpu_check.sh"
  exit 0
fi
packed=$here
python=${python:-python3}
if [[ ! -f $packed/gpu_tests.txt ]]; then
  packed=$here/../build-gpu/gpu-check
  fill "$packed"
  packed=$(cd "$packed" && pwd)
  python=$here/../.venv/bin/python
fi
check_machine
mkdir -p "$output"
output=$(cd "$output" && pwd)
describe_machine | tee "$output/machine.txt"
for step in "${steps[@]}"; do "step_$step"; done
printf '%d held, %d failed, %d skipped; all of it: %s\n' "$held" "$failed" "$skipped" "$output" | tee -a "$output/summary.txt"
((failed == 0)) || exit 1
