//===- FileOutputTest.cpp - whole or absent -------------------------------===//

#include "hdp/Support/FileOutput.h"
#include "TestTensors.h"
#include "hdp/Support/Error.h"

using namespace hdp;
using namespace hdp::test;

/// How many files the directory holds.
static unsigned countFiles(const ScratchDirectory &scratch) {
  std::error_code code;
  unsigned count = 0;
  for (llvm::sys::fs::directory_iterator it(scratch.directory(), code), end;
       it != end && !code; it.increment(code))
    ++count;
  return count;
}

TEST(FileOutput, ErrorKeepsTheOldFileAndLeavesNothingElse) {
  ScratchDirectory scratch;
  std::string path = scratch.file("x");
  auto write = [](llvm::StringRef text, bool fails) {
    return [=](llvm::raw_ostream &os) -> llvm::Error {
      os << text;
      return fails ? makeError("stopped") : llvm::Error::success();
    };
  };
  EXPECT_EQ(llvm::toString(writeOutputFile(path, write("old", false))), "");
  EXPECT_EQ(llvm::toString(writeOutputFile(path, write("new", true))),
            "stopped");
  EXPECT_EQ(readBytes(path), "old");
  EXPECT_EQ(countFiles(scratch), 1u);
}

TEST(FileOutput, DirectoryIsRefused) {
  ScratchDirectory scratch;
  EXPECT_EQ(llvm::toString(writeOutputFile(
                scratch.directory(),
                [](llvm::raw_ostream &) { return llvm::Error::success(); })),
            scratch.directory() + ": is a directory");
}

TEST(FileOutput, DeviceIsWrittenInPlace) {
  EXPECT_EQ(llvm::toString(writeOutputFile("/dev/null",
                                           [](llvm::raw_ostream &os) {
                                             os << "x";
                                             return llvm::Error::success();
                                           })),
            "");
  llvm::sys::fs::file_status status;
  ASSERT_FALSE(llvm::sys::fs::status("/dev/null", status));
  EXPECT_EQ(status.type(), llvm::sys::fs::file_type::character_file);
}

TEST(FileOutput, FullDeviceIsAnError) {
  if (!llvm::sys::fs::exists("/dev/full"))
    GTEST_SKIP() << "this system has no /dev/full";
  EXPECT_EQ(llvm::toString(writeOutputFile("/dev/full",
                                           [](llvm::raw_ostream &os) {
                                             os << "x";
                                             return llvm::Error::success();
                                           })),
            "/dev/full: no space left on device");
}
