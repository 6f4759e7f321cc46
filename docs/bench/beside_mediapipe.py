#!/usr/bin/env python3
"""MediaPipe's face mesh and Wince side by side: processor time a picture, the same clip, one core.

    python3 -m venv /tmp/mediapipe && /tmp/mediapipe/bin/pip install 'mediapipe<0.10.22'
    taskset -c 0 /tmp/mediapipe/bin/python docs/bench/beside_mediapipe.py [--wince bin/wince] [--clip testdata/clips/pain.ivf]

Needs: Linux, Python 3.9 to 3.12, a built Wince (make build), nothing else running. Wheels of mediapipe before 0.10.22 still carry
solutions.face_mesh, which runs the very nets that Wince runs (BlazeFace short range and the face mesh) with XNNPACK.

MediaPipe is given RGB pictures that were decoded beforehand, so that its time is detection, cropping and mesh, plain and with attention,
which Face Landmarker runs (and a net for blendshapes after it, which is left out here). Wince's decoding is printed apart for that reason; its
time is detection, cropping, mesh, and action units and score besides. Of MediaPipe, processor time of all threads of the process counts, so that
threads hide nothing; Wince's steps run on one thread. The two are measured in turns, three times; the medians and their quotients are printed.
"""

import argparse
import json
import statistics
import subprocess
import time

import cv2
import mediapipe


def pictures(clip):
    """Decode the whole clip to RGB."""
    video, found = cv2.VideoCapture(clip), []
    while True:
        ok, bgr = video.read()
        if not ok:
            break
        found.append(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))
    if not found:
        raise SystemExit(f"{clip}: nothing could be decoded")
    return found


def mesh(frames, attention):
    """Processor time a picture in ms, in the steady state, and in how many of the pictures a face was found."""
    with mediapipe.solutions.face_mesh.FaceMesh(static_image_mode=False, max_num_faces=1, refine_landmarks=attention) as net:
        for f in frames[:30]:
            net.process(f)
        begun, seen = time.process_time(), 0
        for f in frames:
            seen += net.process(f).multi_face_landmarks is not None
        return (time.process_time() - begun) * 1000 / len(frames), seen


def wince(program, clip):
    """What a picture takes on one thread, in ms: decoding, and what follows until the score."""
    run = subprocess.run([program, "bench", "--stages", "--json", "--clip", clip], check=False, capture_output=True, text=True)
    if run.returncode not in (0, 4):
        raise SystemExit(run.stderr)
    stages = json.loads(run.stdout)["stages_ms"]
    return stages["decode"], sum(stages[s] for s in ("detect", "crop", "mesh", "au", "score"))


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--wince", default="bin/wince", metavar="FILE")
    arguments.add_argument("--clip", default="testdata/clips/pain.ivf", metavar="FILE")
    options = arguments.parse_args()
    cv2.setNumThreads(1)
    frames = pictures(options.clip)
    plain, attention, decode, ours, seen = [], [], [], [], 0
    for _ in range(3):
        took, seen = mesh(frames, False)
        plain.append(took)
        attention.append(mesh(frames, True)[0])
        decoding, took = wince(options.wince, options.clip)
        decode.append(decoding)
        ours.append(took)

    def told(name, times):
        print(f"{name}: {statistics.median(times):.2f} ms a picture ({', '.join(f'{t:.2f}' for t in times)})")
        return statistics.median(times)

    print(f"MediaPipe {mediapipe.__version__} found a face in {seen} of {len(frames)} pictures")
    their = told("MediaPipe, the same nets", plain)
    most = told("MediaPipe, with attention, as Face Landmarker", attention)
    our = told("Wince", ours)
    told("Wince, to decode", decode)
    print(f"Wince takes {our / their:.2f} of the time of MediaPipe with the same nets, {our / most:.2f} with attention; aimed at: 0.5 at most")


if __name__ == "__main__":
    main()
