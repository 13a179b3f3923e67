"""The models of the job `anime`: the embedded ones, the ONNX ones, and the search for their files."""
