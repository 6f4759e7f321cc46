#!/usr/bin/env bash
# Make the data, train the network of the action units and try it:
#
#   models/train/units/train.sh DIR [SEED]
#
# DIR is filled: faces/ with rendered people (0.8 GB), venv/ with what training needs, model/ with units.onnx, units.json and figures.json.
# HEAD names the folder of the head model, LONDON that of the Face Research Lab London Set. What is in DIR already is kept, so that a
# training that was cut off goes on with the next step. SMALL=1 tries the path with a few people and steps; its weights are no good.
set -euo pipefail
cd "$(dirname "$0")/../../.."
out=$(mkdir -p "$1" && cd "$1" && pwd) seed=${2:-1}
head=${HEAD:-../shared/data/ict-facekit} london=${LONDON:-../shared/data/faces/london}
train=1800 dev=208 test=240 worn=100 fresh=120 hands=100 sides=150 shots=16 more=24 steps=8000 people=80 heads=10000
[ -z "${SMALL:-}" ] || train=6 dev=6 test=6 worn=6 fresh=6 hands=6 sides=12 shots=16 more=16 steps=2 people=4 heads=4
export CGO_LDFLAGS=-Wl,--as-needed
go build -o "$out/faces-program" ./cmd/faces
people_of() { # NAME SEED HOW-MANY PICTURES SAMPLER VARIED [FURTHER]
  [ -d "$out/faces/$1" ] && return
  "$out/faces-program" render --head "$head" --out "$out/faces/$1.part" --from "$2" --people "$3" --shots "$4" --sampler "$5" --varied "$6" ${7:-} --threads "$(nproc)"
  mv "$out/faces/$1.part" "$out/faces/$1"
}
people_of dev 2000000 $dev $shots wide 0.4 "--hands 0.06"
people_of test 3000000 $test $shots coded 0
people_of worn 5000000 $worn $shots coded 1
people_of fresh 7000000 $fresh $shots coded 0
people_of hands 9000000 $hands $shots coded 0 "--hands 1"
people_of sides 8000000 $sides $shots wide 0.4
people_of twins 1000000 $train 3 wide 0.4 --twins
people_of alike 1000000 $train 9 wide 0.4 "--twins --alike --hands 0.06"
people_of train 1000000 $train $more wide 0.4 "--hands 0.06"
real=()
if [ -d "$london" ]; then
  mkdir -p "$out/real"
  for mood in neutral smiling; do "$out/faces-program" read --out "$out/real/$mood" "$london/$mood"/*.jpg; done
  real=(--real "$out/real")
fi
[ -d "$out/venv" ] || { python3 -m venv "$out/venv" && "$out/venv/bin/pip" install -q -r models/train/units/requirements.txt; }
"$out/venv/bin/python" models/train/units/train.py --data "$out/faces" --out "$out/model" --seed "$seed" --steps $steps --people $people --heads $heads "${real[@]}"
echo "To use it: cp $out/model/units.onnx models/; cp $out/model/units.json vision/; cp $out/model/figures.json models/train/units/;"
echo "then make the average face anew (cmd/calibrate), the six faces of models/testdata, docs/accuracy.md and models/units.md."
