//===- RandomSite.cpp - random calls as attention sites -------------------===//
//
// Operands are rounded to the element type before the plain formulation sees
// them, so every engine starts from the same numbers.
//
//===----------------------------------------------------------------------===//

#include "RandomSite.h"
#include "hdp/Numerics/Limits.h"
#include "hdp/Support/Convert.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>
#include <cstring>

using namespace hdp;
using namespace hdp::test;

namespace {

/// The float rounded to `type` and back.
float roundTo(ElementType type, float x) {
  if (type == ElementType::F16)
    return halfToFloat(floatToHalf(x));
  if (type == ElementType::BF16)
    return bfloatToFloat(floatToBFloat(x));
  return x;
}

/// The bits of a float of `type`.
int64_t bitsOf(ElementType type, float x) {
  if (type == ElementType::F16)
    return floatToHalf(x);
  if (type == ElementType::BF16)
    return floatToBFloat(x);
  return floatBits(x);
}

class Builder {
public:
  Builder(uint64_t seed, bool isExact, CallSize size)
      : seed(seed), engine(seed + 77), isExact(isExact), size(size) {}

  std::optional<RandomSite> run();

private:
  int64_t below(int64_t n) { return int64_t(engine() % uint64_t(n)); }
  bool oneIn(int64_t n) { return below(n) == 0; }

  void tame(std::vector<float> &values);
  HostTensor makeFloats(llvm::ArrayRef<int64_t> shape,
                        const std::vector<float> &values);
  llvm::SmallVector<int64_t, 4> makePerm(size_t rank);
  /// The operand whose form is `form`, and its type with some sizes hidden.
  TensorSpec addInput(HostTensor form, llvm::ArrayRef<int64_t> perm);
  TensorSpec hideSizes(llvm::ArrayRef<int64_t> shape);
  void addExpected();

  uint64_t seed;
  std::mt19937_64 engine;
  bool isExact;
  CallSize size;
  ElementType type = ElementType::F32;
  bool isDynamic = false;
  int64_t outer = 1;
  AttentionCall call;
  RandomSite site;
};

} // namespace

/// Exact attention is compared within 1e-5: moderate finite values only.
void Builder::tame(std::vector<float> &values) {
  for (float &x : values) {
    if (isExact)
      x = std::isfinite(x) ? float(2 * std::sin(double(x))) : 0.5f;
    x = roundTo(type, x);
  }
}

HostTensor Builder::makeFloats(llvm::ArrayRef<int64_t> shape,
                               const std::vector<float> &values) {
  HostTensor tensor(type, shape);
  for (int64_t x = 0; x < tensor.getNumElements(); ++x)
    // Each outer batch repeats the values.
    if (type == ElementType::F32)
      tensor.as<float>()[x] = values[size_t(x) % values.size()];
    else
      tensor.as<uint16_t>()[x] =
          uint16_t(bitsOf(type, values[size_t(x) % values.size()]));
  return tensor;
}

llvm::SmallVector<int64_t, 4> Builder::makePerm(size_t rank) {
  llvm::SmallVector<int64_t, 4> perm;
  if (!oneIn(3))
    return perm;
  for (size_t dim = 0; dim < rank; ++dim)
    perm.push_back(int64_t(dim));
  // Kernels take rows of contiguous columns.
  for (size_t dim = size == CallSize::Vectors ? rank - 1 : rank; dim > 1; --dim)
    std::swap(perm[dim - 1], perm[size_t(below(int64_t(dim)))]);
  return perm;
}

TensorSpec Builder::hideSizes(llvm::ArrayRef<int64_t> shape) {
  TensorSpec spec;
  for (int64_t extent : shape)
    spec.shape.push_back(isDynamic && oneIn(2) ? -1 : extent);
  if (size == CallSize::Vectors)
    spec.shape.back() = shape.back();
  return spec;
}

TensorSpec Builder::addInput(HostTensor form, llvm::ArrayRef<int64_t> perm) {
  // Form dimension i is operand dimension perm[i], so the operand is the form
  // under the inverse.
  llvm::SmallVector<int64_t> inverse(perm.size());
  for (size_t dim = 0; dim < perm.size(); ++dim)
    inverse[size_t(perm[dim])] = int64_t(dim);
  HostTensor operand = permute(form, inverse);
  TensorSpec spec = hideSizes(operand.getShape());
  spec.elementType = operand.getElementType();
  site.inputs.push_back(std::move(operand));
  return spec;
}

void Builder::addExpected() {
  AttentionResult one = runPlainAttention(call);
  for (int64_t &bits : one["out"]) {
    float value;
    auto narrow = uint32_t(bits);
    std::memcpy(&value, &narrow, sizeof(value));
    bits = bitsOf(type, value);
  }
  for (auto &[name, values] : one)
    for (int64_t x = 0; x < outer; ++x)
      llvm::append_range(site.expected[name], values);
}

std::optional<RandomSite> Builder::run() {
  call = makeRandomCall(seed, size);
  numerics::AttentionShape limits{call.Hq, call.Hkv, call.Lq,
                                  call.Lk, call.d,   call.dv};
  if (numerics::checkLimits(call.policy, limits, call.scale,
                            !call.bias.empty()))
    return std::nullopt;
  ElementType types[] = {ElementType::F32, ElementType::F32, ElementType::F16,
                         ElementType::BF16};
  type = types[below(4)];
  isDynamic = oneIn(2);
  outer = oneIn(4) ? 2 : 1;
  if (isExact)
    call.scale = 0.3;
  tame(call.q);
  tame(call.k);
  tame(call.v);
  for (float &x : call.bias) {
    if (isExact && std::fabs(x) > 100)
      x = -std::numeric_limits<float>::infinity();
    x = roundTo(type, x);
  }

  // One head may come without leading dimensions, two batches need two.
  llvm::SmallVector<int64_t> leading;
  if (outer > 1)
    leading.push_back(outer);
  bool noHeads = outer == 1 && call.Hq == 1 && call.Hkv == 1 && oneIn(2);
  auto shape = [&](int64_t heads, int64_t rows, int64_t columns) {
    llvm::SmallVector<int64_t> result(leading);
    if (!noHeads)
      result.push_back(heads);
    result.push_back(rows);
    result.push_back(columns);
    return result;
  };
  size_t rank = shape(1, 1, 1).size();
  AttentionSpec &spec = site.spec;
  if (!isExact)
    spec.policy = call.policy;
  spec.scale = call.scale;
  spec.causal = call.causal;
  spec.queryPerm = makePerm(rank);
  spec.keyPerm = makePerm(rank);
  spec.valuePerm = makePerm(rank);
  spec.resultPerm = makePerm(rank);
  spec.query = addInput(makeFloats(shape(call.Hq, call.Lq, call.d), call.q),
                        spec.queryPerm);
  spec.key = addInput(makeFloats(shape(call.Hkv, call.Lk, call.d), call.k),
                      spec.keyPerm);
  spec.value = addInput(makeFloats(shape(call.Hkv, call.Lk, call.dv), call.v),
                        spec.valuePerm);
  llvm::SmallVector<int64_t> out = shape(call.Hq, call.Lq, call.dv);
  if (!spec.resultPerm.empty())
    for (size_t dim = 0; dim < rank; ++dim)
      out[size_t(spec.resultPerm[dim])] = shape(call.Hq, call.Lq, call.dv)[dim];
  spec.result = hideSizes(out);
  spec.result.elementType = type;
  auto broadcast = [&](int64_t heads, int64_t rows) {
    llvm::SmallVector<int64_t> result = shape(heads, rows, call.Lk);
    if (outer > 1)
      result[0] = 1;
    return result;
  };
  if (!call.mask.empty()) {
    HostTensor mask(ElementType::I1, broadcast(call.maskHeads, call.maskRows));
    std::memcpy(mask.getData(), call.mask.data(), call.mask.size());
    spec.mask = addInput(std::move(mask), {});
  }
  if (!call.bias.empty())
    spec.bias = addInput(
        makeFloats(broadcast(call.biasHeads, call.biasRows), call.bias), {});
  addExpected();
  site.text = "seed " + std::to_string(seed) + ": " + describe(call) + ", " +
              stringify(type).str() + (isDynamic ? ", dynamic" : "") +
              (isExact ? ", exact" : "");
  return std::move(site);
}

std::vector<const HostTensor *> RandomSite::getInputs() const {
  std::vector<const HostTensor *> pointers;
  for (const HostTensor &input : inputs)
    pointers.push_back(&input);
  return pointers;
}

std::optional<RandomSite> hdp::test::makeRandomSite(uint64_t seed, bool isExact,
                                                    CallSize size) {
  return Builder(seed, isExact, size).run();
}

HostTensor hdp::test::permute(const HostTensor &tensor,
                              llvm::ArrayRef<int64_t> perm) {
  if (perm.empty())
    return tensor;
  llvm::SmallVector<int64_t> shape;
  for (int64_t dim : perm)
    shape.push_back(tensor.getShape()[size_t(dim)]);
  HostTensor result(tensor.getElementType(), shape);
  unsigned width = getByteWidth(tensor.getElementType());
  for (int64_t to = 0; to < result.getNumElements(); ++to) {
    // The position of `to`, written into the tensor's own dimensions.
    llvm::SmallVector<int64_t> position(shape.size());
    int64_t rest = to;
    for (size_t dim = shape.size(); dim-- > 0; rest /= shape[dim])
      position[size_t(perm[dim])] = rest % shape[dim];
    int64_t from = 0;
    for (size_t dim = 0; dim < shape.size(); ++dim)
      from = from * tensor.getShape()[dim] + position[dim];
    std::memcpy(result.getData() + to * width, tensor.getData() + from * width,
                width);
  }
  return result;
}
