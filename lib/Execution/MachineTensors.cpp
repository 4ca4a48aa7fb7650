//===- MachineTensors.cpp - what a machine holds, as tensors --------------===//
//
// Types and sizes are those of the decomposed op's values of the same names.
//
//===----------------------------------------------------------------------===//

#include "MachineSite.h"
#include "hdp/Support/Convert.h"
#include "llvm/ADT/STLExtras.h"
#include <cstring>

using namespace hdp;
using namespace hdp::machine;

namespace {
/// A tensor behind the leading dimensions: of query heads, or of K/V heads.
/// Sizes by letter: q Lq, k Lk, d, v dv, r block rows, c block columns, g
/// groups.
struct TensorForm {
  const char *name;
  ElementType type;
  bool isKey;
  const char *sizes;
  bool isHeld; ///< without recording
};
} // namespace

static const TensorForm forms[] = {
    {"sQ", ElementType::I32, false, "", true},
    {"sK", ElementType::I32, true, "", true},
    {"sV", ElementType::I32, true, "", true},
    {"qI", ElementType::I8, false, "qd", false},
    {"qF", ElementType::I16, false, "qd", false},
    {"kI", ElementType::I8, true, "kd", false},
    {"kF", ElementType::I16, true, "kd", false},
    {"V", ElementType::I16, true, "kv", false},
    {"theta", ElementType::I32, false, "rc", false},
    {"kind", ElementType::I8, false, "rc", false},
    {"kept", ElementType::I1, false, "rc", false},
    {"T", ElementType::I32, false, "r", false},
    {"H", ElementType::I64, false, "", false},
    {"hpos", ElementType::I64, false, "", false},
    {"gate", ElementType::I1, false, "", false},
    {"a", ElementType::I32, false, "", false},
    {"S", ElementType::I32, false, "qk", false},
    {"e", ElementType::I16, false, "qk", false},
    {"w", ElementType::I16, false, "qk", false},
    {"M", ElementType::I32, false, "q", false},
    {"k", ElementType::I8, false, "q", false},
    {"c", ElementType::I16, false, "qg", false},
    {"wc", ElementType::I16, false, "qg", false},
    {"num", ElementType::I64, false, "qv", false},
    {"den", ElementType::I32, false, "q", false},
    {"R", ElementType::I32, false, "q", false},
    {"o", ElementType::I16, false, "qv", false},
};

static int64_t getSize(char letter, const Site &site) {
  switch (letter) {
  case 'q':
    return site.Lq;
  case 'k':
    return site.Lk;
  case 'd':
    return site.d;
  case 'v':
    return site.dv;
  case 'r':
    return site.blockRows();
  case 'c':
    return site.blockColumns();
  default:
    return site.groups();
  }
}

ResultTensors::ResultTensors(const MachineAttention &attention,
                             const AttentionCallForm &form, const Site &site)
    : attention(attention) {
  auto isWanted = [&](llvm::StringRef name) {
    return llvm::is_contained(attention.names, name);
  };
  hasValues = isWanted("S") && !site.dense;
  auto shapeOf = [&](bool isKey) {
    llvm::SmallVector<int64_t, 4> shape(form.outer);
    if (form.hasHeads)
      shape.push_back(isKey ? form.Hkv : form.Hq);
    return shape;
  };
  llvm::SmallVector<int64_t, 4> out = shapeOf(false);
  out.push_back(form.Lq);
  out.push_back(form.dv);
  tensors.push_back({"out", HostTensor(attention.resultType, out)});
  if (site.dense)
    return;
  // N7 is only computed where a head can be gated; every gate is open else.
  bool hasGate = site.policy.tau8() > 0;
  for (const TensorForm &wanted : forms) {
    llvm::StringRef name = wanted.name;
    bool isE = hasValues && name == "e"; // no op's result
    if ((!isWanted(name) && !isE) || (!hasValues && !wanted.isHeld) ||
        (!hasGate && (name == "H" || name == "hpos")))
      continue;
    llvm::SmallVector<int64_t, 4> shape = shapeOf(wanted.isKey);
    for (char letter : llvm::StringRef(wanted.sizes))
      shape.push_back(getSize(letter, site));
    tensors.push_back({wanted.name, HostTensor(wanted.type, shape)});
    if (name == "gate" && !hasGate)
      std::memset(tensors.back().tensor.getData(), 1,
                  tensors.back().tensor.getNumBytes());
  }
}

/// Narrows integers into a tensor from element `begin` on.
static void store(HostTensor &tensor, int64_t begin,
                  llvm::ArrayRef<int64_t> values) {
  for (size_t x = 0; x < values.size(); ++x) {
    int64_t value = values[x];
    char *to = tensor.getData() +
               (begin + int64_t(x)) * getByteWidth(tensor.getElementType());
    // Two's complement, little end first: the low bytes.
    std::memcpy(to, &value, getByteWidth(tensor.getElementType()));
  }
}

static void storeFloats(HostTensor &tensor, int64_t begin,
                        llvm::ArrayRef<float> values) {
  for (size_t x = 0; x < values.size(); ++x) {
    auto at = begin + int64_t(x);
    if (tensor.getElementType() == ElementType::F16)
      tensor.as<uint16_t>()[at] = floatToHalf(values[x]);
    else if (tensor.getElementType() == ElementType::BF16)
      tensor.as<uint16_t>()[at] = floatToBFloat(values[x]);
    else
      tensor.as<float>()[at] = values[x];
  }
}

void ResultTensors::addLaunch(int64_t index, const LaunchResult &result) {
  storeFloats(tensors.front().tensor, index * int64_t(result.out.size()),
              result.out);
  for (NamedTensor &tensor : llvm::drop_begin(tensors)) {
    std::vector<int64_t> exponents;
    const std::vector<int64_t> *values = nullptr;
    auto input = result.inputs.find(tensor.name);
    auto found = result.intermediates.find(tensor.name);
    if (tensor.name == "sV") {
      exponents.assign(result.valueExponents.begin(),
                       result.valueExponents.end());
      values = &exponents;
    } else if (input != result.inputs.end()) {
      values = &input->second;
    } else if (found != result.intermediates.end()) {
      values = &found->second;
    }
    if (values)
      store(tensor.tensor, index * int64_t(values->size()), *values);
  }
}

/// Puts `out` into the layout of the op's result: dimension i of the form is
/// dimension perm[i] of the result.
void ResultTensors::permuteOutput() {
  llvm::ArrayRef<int64_t> perm = attention.resultPerm;
  if (perm.empty())
    return;
  const HostTensor &form = tensors.front().tensor;
  size_t rank = perm.size();
  llvm::SmallVector<int64_t, 4> shape(rank), strides(rank, 1), steps(rank),
      position(rank, 0);
  for (size_t dim = 0; dim < rank; ++dim)
    shape[size_t(perm[dim])] = form.getShape()[dim];
  for (size_t dim = rank - 1; dim-- > 0;)
    strides[dim] = strides[dim + 1] * shape[dim + 1];
  HostTensor result(form.getElementType(), shape);
  unsigned width = getByteWidth(form.getElementType());
  for (size_t dim = 0; dim < rank; ++dim)
    steps[dim] = strides[size_t(perm[dim])];
  int64_t to = 0;
  for (int64_t from = 0; from < form.getNumElements(); ++from) {
    std::memcpy(result.getData() + to * width, form.getData() + from * width,
                width);
    for (size_t dim = rank; dim-- > 0;) {
      to += steps[dim];
      if (++position[dim] < form.getShape()[dim])
        break;
      to -= steps[dim] * form.getShape()[dim];
      position[dim] = 0;
    }
  }
  tensors.front().tensor = std::move(result);
}

std::vector<NamedTensor> ResultTensors::take() {
  permuteOutput();
  return std::move(tensors);
}
