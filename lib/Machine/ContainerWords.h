//===- ContainerWords.h - words of a stream ---------------------*- C++ -*-===//
//
// Little-endian words in and out, for the files that read and write containers.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_MACHINE_CONTAINERWORDS_H
#define HDP_LIB_MACHINE_CONTAINERWORDS_H

#include "hdp/Machine/Program.h"
#include "llvm/Support/Endian.h"
#include <cstring>

namespace hdp::machine {

class Writer {
public:
  template <typename T> void put(T value) {
    char word[sizeof(T)];
    llvm::support::endian::write(word, value, llvm::endianness::little);
    bytes.append(word, word + sizeof(T));
  }
  void putDouble(double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, 8);
    put(bits);
  }
  llvm::SmallVector<char, 0> bytes;
};

/// Reads words; the first failure sticks, later reads give zeros.
class Reader {
public:
  Reader(llvm::ArrayRef<char> bytes, size_t base) : bytes(bytes), base(base) {}

  template <typename T> T get(const char *what) {
    if (bytes.size() - at < sizeof(T)) {
      fail("expected " + std::to_string(sizeof(T)) + " bytes of " + what +
           ", found " + std::to_string(bytes.size() - at));
      return T(0);
    }
    T value = llvm::support::endian::read<T>(bytes.data() + at,
                                             llvm::endianness::little);
    at += sizeof(T);
    return value;
  }
  /// A number that may not be above `highest`.
  template <typename T> T getUpTo(const char *what, uint64_t highest) {
    size_t start = at;
    T value = get<T>(what);
    if (uint64_t(value) > highest) {
      at = start;
      fail(std::string("expected ") + what + " up to " +
           std::to_string(highest) + ", found " + std::to_string(value));
    }
    return value;
  }
  double getDouble(const char *what) {
    uint64_t bits = get<uint64_t>(what);
    double value;
    std::memcpy(&value, &bits, 8);
    return value;
  }
  /// A count of things that take at least `size` bytes each.
  uint32_t getCount(const char *what, size_t size) {
    uint32_t count = get<uint32_t>(what);
    if (count > left() / size)
      fail(std::string("expected at most ") + std::to_string(left() / size) +
           " " + what + ", found " + std::to_string(count));
    return failed() ? 0 : count;
  }
  llvm::StringRef getText(size_t size, const char *what) {
    if (size > left()) {
      fail("expected " + std::to_string(size) + " bytes of " + what +
           ", found " + std::to_string(left()));
      return {};
    }
    llvm::StringRef text(bytes.data() + at, size);
    at += size;
    return text;
  }
  void fail(const std::string &reason) {
    if (!failed())
      message = "byte " + std::to_string(base + at) + ": " + reason;
    at = bytes.size();
  }
  void expectEnd(const char *what) {
    if (!failed() && at != bytes.size())
      fail(std::string("expected the end of the ") + what + ", found " +
           std::to_string(left()) + " more bytes");
  }
  bool failed() const { return !message.empty(); }
  size_t left() const { return bytes.size() - at; }

  llvm::ArrayRef<char> bytes;
  size_t base, at = 0;
  std::string message;
};

/// The record of a site; the reader fails at its start if it is not legal.
void writeSite(Writer &w, const Site &site);
Site readSite(Reader &r);

} // namespace hdp::machine

#endif // HDP_LIB_MACHINE_CONTAINERWORDS_H
