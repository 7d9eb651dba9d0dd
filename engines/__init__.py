"""Ways to run a trained generator: PyTorch, ONNX Runtime and OpenVINO, and the ONNX file itself."""
