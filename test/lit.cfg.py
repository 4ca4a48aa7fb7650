# The lit suite: FileCheck tests of passes and tools, and the GoogleTest
# programs. Tests whose first lines say `REQUIRES: long` run only with
# `--param long=1` (check-hdp-long), those that read real weights or model IR
# say `REQUIRES: hdp-data`.

import os
import shutil

import lit.formats
from lit.llvm import llvm_config

config.name = "HDP"
config.test_format = lit.formats.ShTest(not llvm_config.use_lit_shell)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "CMakeLists.txt", "lit.cfg.py"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.hdp_obj_root, "test")

llvm_config.with_system_environment(["HOME", "TMP", "TEMP", "LANG"])
llvm_config.use_default_substitutions()

# HDP_DATA_DIR in the environment wins over the one given to CMake.
data_dir = os.environ.get("HDP_DATA_DIR", config.hdp_data_dir)
config.environment["HDP_DATA_DIR"] = data_dir
config.substitutions.append(("%hdp_data", data_dir))
for feature in ("data", "ir", "golden"):
    if os.path.isdir(os.path.join(data_dir, feature)):
        config.available_features.add("hdp-" + feature)
if {"hdp-data", "hdp-ir", "hdp-golden"} - config.available_features:
    lit_config.note("no real data in %s: tests that need it are left out"
                    % data_dir)

# Kernels for other processors run emulated where Debian's qemu-user is installed.
if shutil.which("qemu-x86_64"):
    config.available_features.add("qemu")
else:
    lit_config.note("no qemu-x86_64: kernels for other processors are not run")

if lit_config.params.get("long"):
    config.available_features.add("long")

if os.path.exists(os.path.join(config.hdp_obj_root, "bin", "test-stream-fuzzer")):
    config.available_features.add("stream-fuzzer")
# The frameworks are seconds to load, so their tests have to be asked for
# (check-hdp-import).
frontends = os.path.join(config.hdp_obj_root, "frontends", "bin", "python")
if lit_config.params.get("import") and os.path.exists(frontends):
    config.available_features.add("frontends")
config.substitutions.append(("%frontends_python", frontends))
config.substitutions.append(("%hdp_import", "/usr/bin/python3 %s" % os.path.join(
    config.hdp_obj_root, "bin", "hdp-import")))

config.substitutions.append(("%hdp_src", config.hdp_src_root))
config.substitutions.append(("%hdp_obj", config.hdp_obj_root))
config.substitutions.append(("%mlir_lib_dir", config.mlir_lib_dir))
config.substitutions.append(("%llvm_bin", config.llvm_tools_dir))
config.substitutions.append(("%python", "/usr/bin/python3"))
config.substitutions.append(("%hdp_plugin", os.path.join(config.hdp_obj_root, "lib", "HDPPlugin.so")))

tool_dirs = [os.path.join(config.hdp_obj_root, "bin"), config.llvm_tools_dir]
for directory in reversed(tool_dirs):
    llvm_config.with_environment("PATH", directory, append_path=True)
