//===- LibraryEntrants.cpp - OpenBLAS, oneDNN, MKL, BLIS ------------------===//
//
// Libraries of matrix products, opened at run time if they are there. Attention
// is two products with our softmax between them, on all rows of a head or on
// 128 at a time, whichever is faster.
//
//===----------------------------------------------------------------------===//

#include "AttentionContest.h"
#include <dlfcn.h>

using namespace hdp;
using namespace hdp::bench;

namespace {
/// C = alpha A B, or A B^T, row-major.
struct Product {
  bool transposeB;
  int64_t m, n, k;
  float alpha;
  const float *a, *b;
  float *c;

  int64_t ldb() const { return transposeB ? k : n; }
};

/// The two spellings that libraries have for it.
using CblasSgemm = void(int order, int transA, int transB, int m, int n, int k,
                        float alpha, const float *a, int lda, const float *b,
                        int ldb, float beta, float *c, int ldc);
using DnnlSgemm = int(char transA, char transB, int64_t m, int64_t n, int64_t k,
                      float alpha, const float *a, int64_t lda, const float *b,
                      int64_t ldb, float beta, float *c, int64_t ldc);

struct Library {
  llvm::StringRef name;
  llvm::StringRef symbol;
  std::vector<llvm::StringRef> files;
};

using Multiply = std::function<void(const Product &)>;
} // namespace

static const Library kLibraries[] = {
    {"OpenBLAS", "cblas_sgemm", {"libopenblas.so.0", "libopenblas.so"}},
    {"oneDNN", "dnnl_sgemm", {"libdnnl.so.3", "libdnnl.so.2", "libdnnl.so"}},
    {"MKL",
     "cblas_sgemm",
     {"libmkl_rt.so.3", "libmkl_rt.so.2", "libmkl_rt.so.1", "libmkl_rt.so"}},
    {"BLIS", "cblas_sgemm", {"libblis.so.4", "libblis.so"}},
};

/// Opens a library and finds its product; empty if it is not there.
static Multiply openLibrary(const Library &library,
                            llvm::ArrayRef<std::string> folders) {
  std::vector<std::string> candidates;
  for (const std::string &folder : folders)
    for (llvm::StringRef file : library.files)
      candidates.push_back(folder + "/" + file.str());
  for (llvm::StringRef file : library.files)
    candidates.push_back(file.str());
  for (const std::string &candidate : candidates) {
    // Never closed: libraries keep threads and memory of their own.
    void *handle = dlopen(candidate.c_str(), RTLD_NOW | RTLD_LOCAL);
    void *symbol = handle ? dlsym(handle, library.symbol.data()) : nullptr;
    if (!symbol)
      continue;
    if (library.symbol == "dnnl_sgemm")
      return [call = reinterpret_cast<DnnlSgemm *>(symbol)](const Product &p) {
        call('N', p.transposeB ? 'T' : 'N', p.m, p.n, p.k, p.alpha, p.a, p.k,
             p.b, p.ldb(), 0.0f, p.c, p.n);
      };
    return [call = reinterpret_cast<CblasSgemm *>(symbol)](const Product &p) {
      constexpr int rowMajor = 101, plain = 111, transposed = 112;
      call(rowMajor, plain, p.transposeB ? transposed : plain, int(p.m),
           int(p.n), int(p.k), p.alpha, p.a, int(p.k), p.b, int(p.ldb()), 0.0f,
           p.c, int(p.n));
    };
  }
  return nullptr;
}

/// Causal, a tile meets the keys of its last row, and weights of the others are
/// cleared.
static void runAttention(const Multiply &multiply, const DenseKernel &kernel,
                         const AttentionInputs &inputs, const DenseCall &call,
                         int64_t tile, float *scores) {
  for (int64_t i = 0; i < call.queries; i += tile) {
    int64_t rows = std::min(tile, call.queries - i);
    int64_t keys = inputs.getKeysOf(i + rows - 1);
    multiply({/*transposeB=*/true, rows, keys, call.headDim, 1.0f,
              call.q + i * call.headDim, call.k, scores});
    for (int64_t r = 0; r < rows; ++r) {
      int64_t count = inputs.getKeysOf(i + r);
      float *row = scores + r * keys;
      kernel.softmax(row, count, call.scale);
      std::fill(row + count, row + keys, 0.0f);
    }
    multiply({/*transposeB=*/false, rows, call.valueDim, keys, 1.0f, scores,
              call.v, call.out + i * call.valueDim});
  }
}

void Contest::addLibraries() {
  DenseKernel kernel = getDenseF32(session.getHost(), options.target);
  constexpr int64_t kTile = 128;
  for (const Library &library : kLibraries) {
    Multiply multiply = openLibrary(library, options.libraryFolders);
    if (!multiply) {
      session.addNote(library.name.str() + " is absent: no " +
                      library.files.front().str());
      continue;
    }
    std::vector<int64_t> tiles = {inputs.queries()};
    if (inputs.queries() > kTile)
      tiles.push_back(kTile);
    for (int64_t tile : tiles) {
      float *scores = takeMemory(size_t(tile) * size_t(inputs.keys()) * 4);
      std::string name = library.name.str() + " f32";
      if (tile != inputs.queries())
        name += ", 128-row tiles";
      Entrant &entrant = add(name, [=](HostTensor &out) -> llvm::Error {
        for (int64_t head = 0; head < inputs.heads(); ++head)
          runAttention(multiply, kernel, inputs,
                       inputs.getHead(head, out.as<float>()), tile, scores);
        return llvm::Error::success();
      });
      entrant.isF32 = true;
    }
  }
}
