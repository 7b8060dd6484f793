"""``strongroom demo``: the main job from end to end, with a keystore that is thrown away."""
