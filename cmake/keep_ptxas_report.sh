#!/bin/sh
# keep_ptxas_report.sh COMPILER ... -o OBJECT ...: runs the compiler; what ptxas -v says of each kernel goes to
# OBJECT.ptxas, everything else that the compiler says to stderr.
object=
before=
for argument; do
  [ "$before" = -o ] && object=$argument
  before=$argument
done
said=$(mktemp) || exit 1
"$@" 2>"$said"
status=$?
report='^ptxas info|bytes stack frame, .* bytes spill'
[ -n "$object" ] && grep -E "$report" "$said" >"$object.ptxas"
grep -Ev "$report" "$said" >&2
rm -f "$said"
exit $status
