//===- NpyTest.cpp - npy and npz, as numpy writes them and as we do -------===//

#include "TestTensors.h"
#include "llvm/ADT/StringExtras.h"

using namespace hdp;
using namespace hdp::test;

/// An npy array of version 1 with this dictionary.
static std::string makeNpy(llvm::StringRef dict, llvm::StringRef data,
                           char version = 1) {
  std::string bytes = "\x93NUMPY";
  bytes += version;
  bytes += '\0';
  bytes += static_cast<char>(dict.size());
  bytes += '\0';
  if (version > 1)
    bytes.append(2, '\0');
  return bytes + dict.str() + data.str();
}

static std::string refuse(llvm::StringRef bytes) {
  return getMessage(TensorFile::readNpy(copyBuffer(bytes, "f.npy")));
}

/// numpy.savez_compressed(x=numpy.array([[1, 2], [3, 4]], dtype='<i2')), with
/// the bytes as python's zipfile packs them.
static const char kCompressedNpz[] =
    "504b03042d00000008000000210000cadc6dffffffffffffffff05001400782e6e7079"
    "0100100088000000000000004e000000000000009bec17ea1b10c9c850c650ad9e925a"
    "9c5ca46ea5a06e9369a4aea3a09e965f54529498179f5f94920a12774bcc294e058a17"
    "672416a402f91a463a0a469a3a0ab50a64032e460626066606160600504b01022d032d"
    "00000008000000210000cadc6d4e000000880000000500000000000000000000008001"
    "00000000782e6e7079504b0506000000000100010033000000850000000000";

TEST(Npy, WrittenFileReadsBack) {
  ScratchDirectory scratch;
  for (const std::vector<int64_t> &shape :
       {std::vector<int64_t>{6}, std::vector<int64_t>{1, 2, 3}}) {
    HostTensor tensor =
        makeTensor<int32_t>(ElementType::I32, shape, {1, 2, 3, 4, 5, -6});
    std::string path = scratch.file("x.npy");
    ASSERT_EQ(llvm::toString(writeNpy(path, tensor)), "");
    EXPECT_EQ(readBytes(path).size() % 64, 24u); // elements at byte 64 or 128
    auto file = TensorFile::open(path);
    ASSERT_TRUE(static_cast<bool>(file));
    auto loaded = file->load("x");
    ASSERT_TRUE(static_cast<bool>(loaded));
    EXPECT_TRUE(areEqual(*loaded, tensor));
  }
}

TEST(Npy, Versions) {
  for (char version : {1, 2, 3}) {
    auto file = TensorFile::readNpy(copyBuffer(
        makeNpy("{'descr': '|i1', 'fortran_order': False, 'shape': (2,), }",
                "ab", version),
        "f.npy"));
    ASSERT_TRUE(static_cast<bool>(file)) << int(version);
    EXPECT_EQ(file->load("f")->as<int8_t>()[1], 'b');
  }
  EXPECT_EQ(refuse(makeNpy("{}", "", 4)),
            "f.npy: npy version 4, expected 1, 2 or 3");
}

TEST(Npy, ColumnMajorIsTurned) {
  auto file = TensorFile::readNpy(copyBuffer(
      makeNpy("{'descr': '|i1', 'fortran_order': True, 'shape': (2, 3), }",
              llvm::StringRef("\1\4\2\5\3\6", 6)),
      "f.npy"));
  ASSERT_TRUE(static_cast<bool>(file));
  EXPECT_TRUE(
      areEqual(*file->load("f"), makeTensor<int8_t>(ElementType::I8, {2, 3},
                                                    {1, 2, 3, 4, 5, 6})));
}

TEST(Npy, ScalarHasNoSizes) {
  auto file = TensorFile::readNpy(copyBuffer(
      makeNpy("{'descr': '|u1', 'fortran_order': False, 'shape': (), }", "a"),
      "f.npy"));
  ASSERT_TRUE(static_cast<bool>(file));
  EXPECT_EQ(file->load("f")->getRank(), 0);
}

TEST(Npy, TruncatedData) {
  EXPECT_EQ(
      refuse(makeNpy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}",
                     "12345678")),
      "f.npy: the array ends at byte 81, the file has 73");
}

TEST(Npy, NotAnArray) {
  EXPECT_EQ(refuse("hello"), "f.npy: not an npy array");
  EXPECT_EQ(refuse(""), "f.npy: not an npy array");
}

TEST(Npy, HeaderBeyondTheFile) {
  EXPECT_EQ(refuse(llvm::StringRef("\x93NUMPY\1\0\xff\1", 10)),
            "f.npy: the npy header takes 511 bytes, 0 are left");
}

TEST(Npy, HeaderIsNoDictionary) {
  for (llvm::StringRef dict :
       {"", "{", "{'descr': '<f4'}", "{'descr': 3, }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}",
        "{'descr': '<f4', 'descr': '<f4', 'shape': ()}"})
    EXPECT_EQ(refuse(makeNpy(dict, "")),
              "f.npy: the npy header is not {'descr': .., 'fortran_order': "
              ".., 'shape': ..}")
        << dict.str();
}

TEST(Npy, OtherByteOrderIsAnErrorWhenLoaded) {
  auto file = TensorFile::readNpy(copyBuffer(
      makeNpy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}",
              "1234"),
      "f.npy"));
  ASSERT_TRUE(static_cast<bool>(file));
  EXPECT_EQ(getMessage(file->load("f")),
            "f.npy: tensor 'f' has the unsupported npy type '>f4'");
}

TEST(Npz, WrittenFileReadsBackAndIsReproducible) {
  ScratchDirectory scratch;
  NamedTensor tensors[] = {
      {"arg0", makeTensor<float>(ElementType::F32, {2}, {1, 2})},
      {"none", HostTensor(ElementType::I8, {0, 2})},
      {"result0", makeTensor<uint16_t>(ElementType::BF16, {1}, {0x3fc0})}};
  std::string path = scratch.file("x.npz");
  ASSERT_EQ(llvm::toString(writeNpz(path, tensors)), "");
  std::string bytes = readBytes(path);
  ASSERT_EQ(llvm::toString(writeNpz(path, tensors)), "");
  EXPECT_EQ(bytes, readBytes(path));
  auto file = TensorFile::open(path);
  ASSERT_TRUE(static_cast<bool>(file)) << llvm::toString(file.takeError());
  ASSERT_EQ(file->getEntries().size(), 3u);
  EXPECT_TRUE(areEqual(*file->load("none"), tensors[1].tensor));
  EXPECT_TRUE(areEqual(*file->load("arg0"), tensors[0].tensor));
  EXPECT_TRUE(areEqual(*file->load("result0"),
                       makeTensor<float>(ElementType::F32, {1}, {1.5f})));
}

TEST(Npz, DamagedMembers) {
  ScratchDirectory scratch;
  std::string path = scratch.file("x.npz");
  ASSERT_EQ(
      llvm::toString(writeNpz(path, {{"a", HostTensor(ElementType::U8, {4})}})),
      "");
  std::string bytes = readBytes(path);
  auto read = [](llvm::StringRef bytes) {
    return getMessage(TensorFile::readNpz(copyBuffer(bytes, "f.npz")));
  };
  EXPECT_EQ(read(llvm::StringRef(bytes).drop_back(10)),
            "f.npz: not a zip archive, or one that was cut short");
  std::string flipped = bytes;
  flipped[bytes.find("PK\1\2") - 1] ^= 1; // the last element
  EXPECT_EQ(read(flipped), "f.npz: member 'a.npy' has a wrong checksum");
  std::string method = bytes;
  method[bytes.find("PK\1\2") + 10] = 12;
  EXPECT_EQ(read(method), "f.npz: member 'a.npy' has compression method 12, "
                          "expected stored (0) or deflate (8)");
  std::string encrypted = bytes;
  encrypted[bytes.find("PK\1\2") + 8] = 1;
  EXPECT_EQ(read(encrypted), "f.npz: member 'a.npy' is encrypted");
  std::string bomb = bytes;
  bomb[bytes.find("PK\1\2") + 10] = 8;
  bomb[bytes.find("PK\1\2") + 27] = 0x70;
  EXPECT_EQ(read(bomb), "f.npz: member 'a.npy' claims 1879048324 bytes from "
                        "132 packed ones");
  std::string moved = bytes;
  moved[bytes.find("PK\1\2") + 42] = 1;
  EXPECT_EQ(read(moved), "f.npz: member 'a.npy' lies outside of the file");
}

TEST(Npz, DeflatedMemberWithLocal64BitSizes) {
  std::string bytes;
  ASSERT_TRUE(llvm::tryGetFromHex(kCompressedNpz, bytes));
  auto file = TensorFile::readNpz(copyBuffer(bytes, "f.npz"));
  ASSERT_TRUE(static_cast<bool>(file)) << llvm::toString(file.takeError());
  EXPECT_TRUE(
      areEqual(*file->load("x"),
               makeTensor<int16_t>(ElementType::I16, {2, 2}, {1, 2, 3, 4})));
}
