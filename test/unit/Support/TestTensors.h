//===- TestTensors.h - small tensors and scratch files ----------*- C++ -*-===//
//
// What the tests of tensor files share.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TEST_UNIT_SUPPORT_TESTTENSORS_H
#define HDP_TEST_UNIT_SUPPORT_TESTTENSORS_H

#include "hdp/Support/TensorFile.h"
#include "llvm/Support/FileSystem.h"
#include "gtest/gtest.h"
#include <cstring>

namespace hdp::test {

/// A tensor of the given elements.
template <typename T>
HostTensor makeTensor(ElementType type, llvm::ArrayRef<int64_t> shape,
                      llvm::ArrayRef<T> elements) {
  HostTensor tensor(type, shape);
  EXPECT_EQ(tensor.getNumBytes(), elements.size() * sizeof(T));
  if (!elements.empty())
    std::memcpy(tensor.getData(), elements.data(), tensor.getNumBytes());
  return tensor;
}

inline bool areEqual(const HostTensor &a, const HostTensor &b) {
  return a.getElementType() == b.getElementType() &&
         a.getShape() == b.getShape() &&
         llvm::StringRef(a.getData(), a.getNumBytes()) ==
             llvm::StringRef(b.getData(), b.getNumBytes());
}

/// A path in a directory of its own, which goes away with the object.
class ScratchDirectory {
public:
  ScratchDirectory() {
    EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("hdp-test", path));
  }
  ~ScratchDirectory() { llvm::sys::fs::remove_directories(path); }
  std::string file(llvm::StringRef name) const {
    return (path + "/" + name).str();
  }
  std::string directory() const { return path.str().str(); }

private:
  llvm::SmallString<128> path;
};

inline std::unique_ptr<llvm::MemoryBuffer> copyBuffer(llvm::StringRef bytes,
                                                      llvm::StringRef name) {
  return llvm::MemoryBuffer::getMemBufferCopy(bytes, name);
}

/// The bytes of a file that exists.
inline std::string readBytes(llvm::StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  EXPECT_TRUE(static_cast<bool>(buffer)) << path.str();
  return buffer ? (*buffer)->getBuffer().str() : std::string();
}

/// The message of an error that has to be there.
template <typename T> std::string getMessage(llvm::Expected<T> value) {
  if (value)
    return "(no error)";
  return llvm::toString(value.takeError());
}

} // namespace hdp::test

#endif // HDP_TEST_UNIT_SUPPORT_TESTTENSORS_H
