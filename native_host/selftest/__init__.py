"""The installed program against published vectors: the same cases in the person's ``strongroom selftest`` and in the tests."""
