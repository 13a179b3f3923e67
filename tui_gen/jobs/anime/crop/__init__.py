"""From the detections of a frame to the crops of its characters."""
