//===- GuardPageTest.cpp - kernels read and write their tensors only ------===//
//
// Every tensor lies between two pages that cannot be touched, at the end of
// its memory and then at the beginning: a kernel that reads past either end
// dies. Results equal those from ordinary memory.
//
//===----------------------------------------------------------------------===//

#include "TileEmulator.h"
#include "hdp/Execution/AttentionSpec.h"
#include "hdp/Execution/Engine.h"
#include "hdp/Execution/TensorCompare.h"
#include "hdp/InitAll.h"
#include "hdp/Support/CPUTarget.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "gtest/gtest.h"
#include <cstring>
#include <random>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __SSE__
#include <xmmintrin.h>
#endif

using namespace hdp;

namespace {

/// Where a tensor lies in its pages.
enum class Place { Front, Back };

/// A tensor's bytes between two pages without access.
class GuardedTensor {
public:
  GuardedTensor(const HostTensor &tensor, Place place) : tensor(tensor) {
    size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    size_t inside =
        (std::max<size_t>(tensor.getNumBytes(), 1) + page - 1) / page * page;
    size = inside + 2 * page;
    memory = static_cast<char *>(
        mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    EXPECT_NE(memory, MAP_FAILED);
    EXPECT_EQ(mprotect(memory + page, inside, PROT_READ | PROT_WRITE), 0);
    data = memory + page;
    if (place == Place::Back)
      data += inside - tensor.getNumBytes();
    std::memcpy(data, tensor.getData(), tensor.getNumBytes());
  }
  GuardedTensor(const GuardedTensor &) = delete;
  ~GuardedTensor() { munmap(memory, size); }

  TensorView getView() const {
    TensorView view;
    view.elementType = tensor.getElementType();
    view.data = data;
    view.shape.assign(tensor.getShape().begin(), tensor.getShape().end());
    view.strides.assign(view.shape.size(), 1);
    for (size_t dim = view.shape.size(); dim-- > 1;)
      view.strides[dim - 1] = view.strides[dim] * view.shape[dim];
    return view;
  }
  HostTensor read() const { return getView().toHost(); }

private:
  const HostTensor &tensor;
  char *memory = nullptr, *data = nullptr;
  size_t size = 0;
};

class GuardPageTest : public ::testing::Test {
protected:
  GuardPageTest() : context(makeRegistry()) {}

  static mlir::DialectRegistry makeRegistry() {
    mlir::DialectRegistry registry;
    mlir::registerAllDialects(registry);
    mlir::registerAllExtensions(registry);
    hdp::registerAllDialects(registry);
    return registry;
  }

  HostTensor draw(ElementType type, llvm::ArrayRef<int64_t> shape) {
    HostTensor tensor(type, shape);
    for (int64_t i = 0; i < tensor.getNumElements(); ++i) {
      float value = std::normal_distribution<float>()(random);
      uint32_t bits;
      std::memcpy(&bits, &value, 4);
      if (type == ElementType::F32)
        tensor.as<float>()[i] = value;
      else // bf16, truncated; as f16 some number
        tensor.as<uint16_t>()[i] = static_cast<uint16_t>(bits >> 16);
    }
    return tensor;
  }

  /// Sizes of an attention that a kernel is made for.
  struct Sizes {
    int64_t Hq, Hkv, d, dv;
    bool hasMask = false;
  };

  /// One attention on every target, at every pair of lengths.
  void check(std::optional<numerics::Policy> policy, ElementType type,
             const Sizes &sizes,
             llvm::ArrayRef<std::pair<int64_t, int64_t>> lengths);
  void checkLengths(const PreparedSite &site, ElementType type,
                    const Sizes &sizes, int64_t Lq, int64_t Lk);

  mlir::MLIRContext context;
  std::mt19937_64 random{1};
};

void GuardPageTest::checkLengths(const PreparedSite &site, ElementType type,
                                 const Sizes &sizes, int64_t Lq, int64_t Lk) {
  SCOPED_TRACE(testing::Message() << Lq << " x " << Lk);
  std::vector<HostTensor> tensors;
  tensors.push_back(draw(type, {sizes.Hq, Lq, sizes.d}));
  tensors.push_back(draw(type, {sizes.Hkv, Lk, sizes.d}));
  tensors.push_back(draw(type, {sizes.Hkv, Lk, sizes.dv}));
  if (sizes.hasMask) {
    HostTensor mask(ElementType::I1, {sizes.Hq, Lq, Lk});
    for (int64_t i = 0; i < mask.getNumElements(); ++i)
      mask.as<uint8_t>()[i] = random() % 4 != 0;
    tensors.push_back(std::move(mask));
  }
  std::vector<const HostTensor *> inputs;
  for (const HostTensor &tensor : tensors)
    inputs.push_back(&tensor);
  auto plain = site.run(inputs);
  ASSERT_TRUE(bool(plain)) << llvm::toString(plain.takeError());
  tensors.push_back(HostTensor(type, {sizes.Hq, Lq, sizes.dv}));

  for (Place place : {Place::Back, Place::Front}) {
    std::vector<std::unique_ptr<GuardedTensor>> guarded;
    std::vector<TensorView> views;
    for (const HostTensor &tensor : tensors) {
      guarded.push_back(std::make_unique<GuardedTensor>(tensor, place));
      views.push_back(guarded.back()->getView());
    }
#ifdef __SSE__
    // Subnormals, rounding and exceptions: as the caller has them.
    unsigned before = _mm_getcsr();
#endif
    auto done = site.runInPlace(views);
    ASSERT_TRUE(bool(done)) << llvm::toString(done.takeError());
    EXPECT_TRUE(*done);
#ifdef __SSE__
    constexpr unsigned flags = 0x3f; // what happened, not what is set
    EXPECT_EQ(_mm_getcsr() & ~flags, before & ~flags);
#endif
    EXPECT_EQ(
        describeDifference(*findTensor(*plain, "out"), guarded.back()->read()),
        std::nullopt);
    for (size_t i = 0; i + 1 < tensors.size(); ++i)
      EXPECT_EQ(describeDifference(tensors[i], guarded[i]->read()),
                std::nullopt);
  }
}

void GuardPageTest::check(std::optional<numerics::Policy> policy,
                          ElementType type, const Sizes &sizes,
                          llvm::ArrayRef<std::pair<int64_t, int64_t>> lengths) {
  SCOPED_TRACE(testing::Message() << "d " << sizes.d << ", dv " << sizes.dv);
  AttentionSpec spec;
  spec.policy = policy;
  spec.scale = 0.25;
  spec.query = {type, {sizes.Hq, -1, sizes.d}};
  spec.key = {type, {sizes.Hkv, -1, sizes.d}};
  spec.value = {type, {sizes.Hkv, -1, sizes.dv}};
  spec.result = {type, {sizes.Hq, -1, sizes.dv}};
  if (sizes.hasMask)
    spec.mask = TensorSpec{ElementType::I1, {sizes.Hq, -1, -1}};
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
  auto site = buildSite(spec, *module);
  ASSERT_TRUE(bool(site)) << llvm::toString(site.takeError());
  for (const CPUTarget &target : getCPUTargets()) {
    if (!isSupportedByHost(target.kind))
      continue;
    SCOPED_TRACE(target.name.str());
    auto prepared = makeKernelEngine({target.name.str(), ""})->prepare(*site);
    ASSERT_TRUE(bool(prepared)) << llvm::toString(prepared.takeError());
    for (auto [Lq, Lk] : lengths)
      checkLengths(**prepared, type, sizes, Lq, Lk);
  }
}

TEST_F(GuardPageTest, PrunedAttention) {
  TileEmulator::install();
  numerics::Policy policy = numerics::compensatedPolicy();
  policy.threshold = 0.2;
  using E = ElementType;
  std::pair<int64_t, int64_t> lengths[] = {{1, 1},   {3, 5},    {17, 33},
                                           {66, 65}, {40, 127}, {2, 259}};
  check(policy, E::F32, {2, 2, 64, 64}, lengths);
  check(policy, E::F32, {2, 1, 7, 3}, lengths);
  check(policy, E::BF16, {2, 1, 33, 80}, lengths);
  check(policy, E::F32, {2, 1, 20, 18, /*hasMask=*/true}, lengths);
}

TEST_F(GuardPageTest, ExactAttention) {
  using E = ElementType;
  std::pair<int64_t, int64_t> lengths[] = {{1, 1}, {3, 5}, {35, 131}, {17, 66}};
  check(std::nullopt, E::F32, {2, 2, 64, 64}, lengths);
  check(std::nullopt, E::F32, {2, 1, 7, 3}, lengths);
}

} // namespace
