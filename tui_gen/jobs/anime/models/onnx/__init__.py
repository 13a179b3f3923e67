"""The adapters of published ONNX models: detectors, CCIP, taggers, frame embedders."""
