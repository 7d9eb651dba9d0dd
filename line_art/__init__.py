"""Line art made from drawings: XDoG, and sketchKeras's network."""
