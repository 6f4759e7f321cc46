"""Computes goldens for the attention mesh with MediaPipe itself (TensorFlow Lite's runtime lacks its operators).

Requirements: Python 3.11, mediapipe 0.10.14 (in a venv; nothing of this is needed to build or run Wince).
Usage: python mesh_goldens.py tensor OUT.f32                the net on the drawn face of goldens.py, without search or crop
       python mesh_goldens.py pictures OUT.json PICTURE...  all of MediaPipe on pictures

The first gives 478 times x, y, z in pixels of 192, little-endian float32: models/testdata/attention_face.f32. The second gives
for each picture, by file name, x and z as shares of its width and y of its height: "once" as MediaPipe does it with stills, and
"twice" as with video that shows the picture a second time, so that the second crop follows from the first landmarks, which is
what Wince does. testdata/landmarks.json is that of two pictures of a rendered clip, counted from 0 (rename them so):

    ffmpeg -i pain.ivf -vf "select='eq(n,20)+eq(n,120)'" -fps_mode passthrough -start_number 0 pain-%d.png
"""

import json
import os
import pathlib
import sys

import mediapipe as mp
import numpy as np
from mediapipe.framework.formats import rect_pb2
from mediapipe.python._framework_bindings import resource_util

GRAPH = """
input_stream: "image"
input_stream: "roi"
output_stream: "landmarks"
node {
  calculator: "ConstantSidePacketCalculator"
  output_side_packet: "PACKET:attention"
  options { [mediapipe.ConstantSidePacketCalculatorOptions.ext] { packet { bool_value: true } } }
}
node {
  calculator: "FaceLandmarkCpu"
  input_stream: "IMAGE:image"
  input_stream: "ROI:roi"
  input_side_packet: "WITH_ATTENTION:attention"
  output_stream: "LANDMARKS:landmarks"
}
"""


def drawn(n):
    """The drawn face of goldens.py, whose import of a runtime is not needed here."""
    source = pathlib.Path(__file__).with_name("goldens.py").read_text()
    scope = {"__name__": "goldens"}
    exec(source.replace("from ai_edge_litert.interpreter import Interpreter", ""), scope)
    return scope["face"](n)


def tensor(picture):
    """Landmarks in pixels of the picture, which is taken as a whole for the face's crop."""
    resource_util.set_resource_dir(os.path.dirname(os.path.dirname(mp.__file__)))
    found = []
    graph = mp.CalculatorGraph(graph_config=GRAPH)
    graph.observe_output_stream("landmarks", lambda _, p: found.append(mp.packet_getter.get_proto(p)))
    graph.start_run()
    image = mp.ImageFrame(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(picture.astype(np.uint8)))
    whole = rect_pb2.NormalizedRect(x_center=0.5, y_center=0.5, width=1, height=1)
    graph.add_packet_to_input_stream("image", mp.packet_creator.create_image_frame(image).at(1))
    graph.add_packet_to_input_stream("roi", mp.packet_creator.create_proto(whole).at(1))
    graph.close_all_packet_sources()
    graph.wait_until_done()
    return np.array([(p.x, p.y, p.z) for p in found[0].landmark]) * len(picture)


def pictures(paths, looks):
    import cv2

    out = {}
    for path in paths:
        picture = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)
        with mp.solutions.face_mesh.FaceMesh(static_image_mode=looks == 1, refine_landmarks=True, max_num_faces=1) as mesh:
            for _ in range(looks):
                found = mesh.process(picture).multi_face_landmarks
        points = found[0].landmark if found else []
        out[os.path.basename(path)] = [[round(v, 5) for v in (p.x, p.y, p.z)] for p in points]
    return out


def main():
    kind, out = sys.argv[1], pathlib.Path(sys.argv[2])
    if kind == "tensor":
        out.write_bytes(tensor(drawn(192)).astype("<f4").tobytes())
    else:
        out.write_text(json.dumps({"once": pictures(sys.argv[3:], 1), "twice": pictures(sys.argv[3:], 2)}, separators=(",", ":")).replace("]],", "]],\n") + "\n")


if __name__ == "__main__":
    main()
