//===- HostileFilesTest.cpp - no bytes crash a reader ---------------------===//
//
// Property: whatever is cut off or flipped, every reader returns a file or an
// error of one line, and every tensor of a file loads or says why not.
//
//===----------------------------------------------------------------------===//

#include "TestTensors.h"
#include <cstdio>
#include <random>

using namespace hdp;
using namespace hdp::test;

using Reader =
    llvm::Expected<TensorFile> (*)(std::unique_ptr<llvm::MemoryBuffer>);

static constexpr unsigned kSeed = 20240607, kCases = 4000;

/// Whether the bytes gave a file all of whose tensors loaded.
static bool read(Reader reader, llvm::StringRef bytes) {
  llvm::Expected<TensorFile> file = reader(copyBuffer(bytes, "f"));
  if (!file) {
    std::string message = llvm::toString(file.takeError());
    EXPECT_EQ(message.find("f: "), 0u) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return false;
  }
  bool all = true;
  for (const TensorFile::Entry &entry : file->getEntries()) {
    llvm::Expected<HostTensor> tensor = file->load(entry.name);
    all &= static_cast<bool>(tensor);
    if (!tensor)
      llvm::consumeError(tensor.takeError());
  }
  return all;
}

static void mutateAndRead(Reader reader, const std::string &bytes) {
  ASSERT_TRUE(read(reader, bytes));
  std::printf("seed %u\n", kSeed);
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937 random(kSeed);
  for (unsigned i = 0; i < kCases; ++i) {
    std::string damaged = bytes;
    if (random() % 3 == 0)
      damaged.resize(random() % (bytes.size() + 1));
    for (unsigned flips = random() % 4; flips > 0 && !damaged.empty(); --flips)
      damaged[random() % damaged.size()] ^= 1u << (random() % 8);
    // Headers are where damage matters: now and then a byte of any value.
    if (random() % 2 && !damaged.empty())
      damaged[random() % std::min<size_t>(damaged.size(), 64)] =
          static_cast<char>(random());
    read(reader, damaged);
  }
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(read(reader, llvm::StringRef(bytes).take_front(size)))
        << "cut to " << size;
}

static std::string write(llvm::StringRef name) {
  ScratchDirectory scratch;
  std::string path = scratch.file(name);
  NamedTensor first = {
      "first", makeTensor<float>(ElementType::F32, {2, 2}, {1, 2, 3, 4})};
  NamedTensor second = {"second", HostTensor(ElementType::I64, {3})};
  llvm::SmallVector<NamedTensor> tensors = {first};
  if (!name.ends_with(".npy"))
    tensors.push_back(second);
  EXPECT_EQ(llvm::toString(writeTensorFile(path, tensors)), "");
  return readBytes(path);
}

TEST(HostileFiles, Safetensors) {
  mutateAndRead(TensorFile::readSafetensors, write("a.safetensors"));
}

TEST(HostileFiles, Npz) { mutateAndRead(TensorFile::readNpz, write("a.npz")); }

TEST(HostileFiles, Npy) { mutateAndRead(TensorFile::readNpy, write("a.npy")); }

TEST(HostileFiles, OpenNamesWhatIsWrong) {
  ScratchDirectory scratch;
  std::string absent = scratch.file("absent.npz");
  EXPECT_EQ(getMessage(TensorFile::open(absent)),
            absent + ": no such file or directory");
  EXPECT_EQ(getMessage(TensorFile::open("weights.bin")),
            "weights.bin: unknown kind of file, expected .safetensors, .npz "
            "or .npy");
}

TEST(HostileFiles, WriterNamesWhatIsWrong) {
  EXPECT_EQ(llvm::toString(writeTensorFile("x.bin", {})),
            "x.bin: unknown kind of file, expected .safetensors, .npz or .npy");
  EXPECT_EQ(llvm::toString(writeTensorFile("x.npy", {})),
            "x.npy: an .npy file holds one tensor, not 0");
  ScratchDirectory scratch;
  std::string path = scratch.file("no/such/folder.npz");
  EXPECT_EQ(llvm::toString(writeTensorFile(path, {})),
            path + ": no such file or directory");
}
