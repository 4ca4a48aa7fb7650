//===- LibraryBF16Entrants.cpp - oneDNN's products of bf16 ----------------===//
//
// Attention as two products of bf16 with sums in f32 and our softmax between
// them, on all rows of a head or on 128 at a time. Rounding the operands is
// part of a call, as it is of ours.
//
//===----------------------------------------------------------------------===//

#include "AttentionContest.h"
#include <cstring>
#include <dlfcn.h>

using namespace hdp;
using namespace hdp::bench;

/// Exported by the library for its own tests, from version 1 on. Anything but 0
/// says that nothing was computed.
using DnnlGemmBF16 = int(char transA, char transB, int64_t m, int64_t n,
                         int64_t k, float alpha, const uint16_t *a, int64_t lda,
                         const uint16_t *b, int64_t ldb, float beta, float *c,
                         int64_t ldc);

static DnnlGemmBF16 *openLibrary(llvm::ArrayRef<std::string> folders) {
  std::vector<std::string> candidates;
  for (const char *file : {"libdnnl.so.3", "libdnnl.so.2", "libdnnl.so"}) {
    for (const std::string &folder : folders)
      candidates.push_back(folder + "/" + file);
    candidates.push_back(file);
  }
  for (const std::string &candidate : candidates) {
    void *handle = dlopen(candidate.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!handle)
      continue;
    if (void *symbol = dlsym(handle, "dnnl_gemm_bf16bf16f32"))
      return reinterpret_cast<DnnlGemmBF16 *>(symbol);
  }
  return nullptr;
}

/// Whether the library has products of bf16 for this processor, or for the
/// instruction sets that its environment allows.
static bool multiplies(DnnlGemmBF16 *multiply) {
  uint16_t one = 0x3F80;
  float product = 0;
  return multiply('N', 'N', 1, 1, 1, 1.0f, &one, 1, &one, 1, 0.0f, &product,
                  1) == 0 &&
         product == 1.0f;
}

/// To nearest even; the inputs hold no NaN.
static void round(const float *from, int64_t count, uint16_t *to) {
  for (int64_t i = 0; i < count; ++i) {
    uint32_t bits;
    std::memcpy(&bits, from + i, 4);
    to[i] = static_cast<uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
  }
}

namespace {
struct Workspace {
  uint16_t *q, *k, *v, *weights;
  float *scores;
};
} // namespace

static void runAttention(DnnlGemmBF16 *multiply, const DenseKernel &kernel,
                         const DenseCall &call, int64_t tile,
                         const Workspace &work) {
  round(call.q, call.queries * call.headDim, work.q);
  round(call.k, call.keys * call.headDim, work.k);
  round(call.v, call.keys * call.valueDim, work.v);
  for (int64_t i = 0; i < call.queries; i += tile) {
    int64_t rows = std::min(tile, call.queries - i);
    multiply('N', 'T', rows, call.keys, call.headDim, 1.0f,
             work.q + i * call.headDim, call.headDim, work.k, call.headDim,
             0.0f, work.scores, call.keys);
    for (int64_t r = 0; r < rows; ++r)
      kernel.softmax(work.scores + r * call.keys, call.keys, call.scale);
    round(work.scores, rows * call.keys, work.weights);
    multiply('N', 'N', rows, call.valueDim, call.keys, 1.0f, work.weights,
             call.keys, work.v, call.valueDim, 0.0f,
             call.out + i * call.valueDim, call.valueDim);
  }
}

void Contest::addBF16Library() {
  DnnlGemmBF16 *multiply = openLibrary(options.libraryFolders);
  if (!multiply)
    return; // that oneDNN is absent is said of f32
  if (!multiplies(multiply)) {
    session.addNote("oneDNN bf16 is left out: the library has no products of "
                    "bf16 for these instruction sets");
    return;
  }
  DenseKernel kernel = getDenseF32(session.getHost(), options.target);
  constexpr int64_t kTile = 128;
  std::vector<int64_t> tiles = {inputs.queries()};
  if (inputs.queries() > kTile)
    tiles.push_back(kTile);
  for (int64_t tile : tiles) {
    auto take = [&](int64_t count) {
      return reinterpret_cast<uint16_t *>(takeMemory(size_t(count) * 2));
    };
    Workspace work;
    DenseCall call = inputs.getHead(0, nullptr);
    work.q = take(call.queries * call.headDim);
    work.k = take(call.keys * call.headDim);
    work.v = take(call.keys * call.valueDim);
    work.weights = take(tile * call.keys);
    work.scores = takeMemory(size_t(tile) * size_t(call.keys) * 4);
    std::string name = "oneDNN bf16";
    if (tile != inputs.queries())
      name += ", 128-row tiles";
    add(name, [=](HostTensor &out) -> llvm::Error {
      for (int64_t head = 0; head < inputs.heads(); ++head)
        runAttention(multiply, kernel, inputs.getHead(head, out.as<float>()),
                     tile, work);
      return llvm::Error::success();
    });
  }
}
