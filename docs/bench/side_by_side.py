"""What a picture costs MediaPipe and what it costs Wince, side by side on one core: processor time, on the same clip, in turns.

Needs: `make build`, Go, and Python 3.9 to 3.12 with mediapipe 0.10.21 (whose wheels still carry solutions.face_mesh, which runs the nets
that Wince converts: BlazeFace short range, and the face mesh plain or with attention) in an environment of its own:

    python3 -m venv /tmp/mp && /tmp/mp/bin/pip install mediapipe==0.10.21
    taskset -c 0 /tmp/mp/bin/python docs/bench/side_by_side.py [ROUNDS]

MediaPipe gets pictures that are decoded and RGB already, as it wants them, and only finds landmarks; what it takes to decode and
to convert the colours is not counted. Wince gets the compressed clip: its decoding is listed apart; finding the face, resampling, the
mesh, the action units and the score are counted. Both keep to one core, so that threads cannot hide work.
"""

import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

os.environ.setdefault("GLOG_minloglevel", "2")

import cv2  # comes with mediapipe
import mediapipe

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLIP = ROOT / "testdata/clips/pain.ivf"
PROGRAM = ROOT / "build/frame-to-score.test"


def frames():
    """The clip's pictures as MediaPipe wants them: height x width x 3, RGB."""
    video, pictures = cv2.VideoCapture(str(CLIP)), []
    while True:
        more, picture = video.read()
        if not more:
            return pictures
        pictures.append(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))


def theirs(pictures, attention):
    """Milliseconds of processor time a picture, all threads together; also how many pictures had a face."""
    with mediapipe.solutions.face_mesh.FaceMesh(max_num_faces=1, refine_landmarks=attention) as mesh:
        for p in pictures[:30]:
            mesh.process(p)
        begun = time.process_time()
        found = sum(mesh.process(p).multi_face_landmarks is not None for p in pictures)
        return (time.process_time() - begun) * 1000 / len(pictures), found


def ours():
    """Milliseconds a picture of each step of Wince, one thread."""
    run = [str(PROGRAM), "-test.run", "^$", "-test.bench", "FrameToScore$", "-test.benchtime", "600x"]
    out = subprocess.run(run, check=True, capture_output=True, text=True, cwd=ROOT / "cmd/wince", env=os.environ | {"GOMAXPROCS": "1"}).stdout
    steps = {name: float(ms) for ms, name in re.findall(r"([\d.]+) (\w+)-ms/frame", out)}
    if not steps:
        sys.exit(f"the benchmark printed no steps:\n{out}")
    return steps


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    PROGRAM.parent.mkdir(exist_ok=True)
    subprocess.run(["go", "test", "-c", "-trimpath", "-o", str(PROGRAM), "./cmd/wince"], check=True, cwd=ROOT)
    pictures = frames()
    plain, attention, wince, decode = [], [], [], []
    for n in range(rounds):
        ms, found = theirs(pictures, False)
        plain.append(ms)
        attention.append(theirs(pictures, True)[0])
        steps = ours()
        decode.append(steps.pop("decode"))
        wince.append(sum(steps.values()))
        print(f"round {n + 1}: MediaPipe {plain[-1]:.2f}, with attention {attention[-1]:.2f} ms ({found} of {len(pictures)} with a face); "
              f"Wince {wince[-1]:.2f} ms, and {decode[-1]:.2f} to decode", flush=True)
    p, a, w = map(statistics.median, (plain, attention, wince))
    print(f"\nmedians of {rounds}, ms a picture: MediaPipe {mediapipe.__version__} {p:.2f}, with attention {a:.2f}; Wince {w:.2f}, "
          f"{w / p:.2f} of MediaPipe with the same nets, {w / a:.2f} of it with attention")


main()
