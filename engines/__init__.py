"""Ways to run a trained generator: PyTorch, ONNX Runtime and OpenVINO, and the ONNX file itself."""

ENGINES = ("auto", "torch", "onnx", "openvino")
