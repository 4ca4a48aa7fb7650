# The GoogleTest programs, one lit test for each of their tests.

import os

import lit.formats

config.name = "HDP-Unit"
config.suffixes = []
config.test_source_root = os.path.join(config.hdp_obj_root, "test", "unit")
config.test_exec_root = config.test_source_root
config.test_format = lit.formats.GoogleTest(".", "Tests")
