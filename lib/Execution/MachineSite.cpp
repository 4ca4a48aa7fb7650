//===- MachineSite.cpp - operands of a call, and its launches -------------===//
//
// Leading dimensions before that of heads are launches of their own, so a batch
// of sentences costs what its sentences cost.
//
//===----------------------------------------------------------------------===//

#include "MachineSite.h"
#include "hdp/Support/Convert.h"
#include "hdp/Support/Error.h"
#include "llvm/ADT/STLExtras.h"

using namespace hdp;
using namespace hdp::machine;

/// The shape of a tensor in the op's form: dimension i is dimension perm[i].
static llvm::SmallVector<int64_t, 4>
permuteShape(const HostTensor &tensor, llvm::ArrayRef<int64_t> perm) {
  llvm::SmallVector<int64_t, 4> shape(tensor.getShape());
  for (size_t i = 0; i < perm.size(); ++i)
    shape[i] = tensor.getShape()[size_t(perm[i])];
  return shape;
}

/// The elements of a tensor in the op's form, as f32.
static std::vector<float> readFloats(const HostTensor &tensor,
                                     llvm::ArrayRef<int64_t> perm) {
  auto rank = size_t(tensor.getRank());
  std::vector<float> elements(size_t(tensor.getNumElements()));
  if (perm.empty()) {
    for (size_t x = 0; x < elements.size(); ++x)
      elements[x] = float(getFloatElement(tensor, int64_t(x)));
    return elements;
  }
  llvm::SmallVector<int64_t, 4> strides(rank, 1), steps, sizes,
      position(rank, 0);
  for (size_t dim = rank - 1; dim-- > 0;)
    strides[dim] = strides[dim + 1] * tensor.getShape()[dim + 1];
  for (int64_t dim : perm) {
    steps.push_back(strides[size_t(dim)]);
    sizes.push_back(tensor.getShape()[size_t(dim)]);
  }
  int64_t from = 0;
  for (float &element : elements) {
    element = float(getFloatElement(tensor, from));
    for (size_t dim = rank; dim-- > 0;) {
      from += steps[dim];
      if (++position[dim] < sizes[dim])
        break;
      from -= steps[dim] * sizes[dim];
      position[dim] = 0;
    }
  }
  return elements;
}

llvm::Expected<AttentionCallForm>
hdp::readOperands(const MachineAttention &attention,
                  llvm::ArrayRef<const HostTensor *> inputs) {
  AttentionCallForm form;
  auto q = permuteShape(*inputs[0], attention.queryPerm),
       k = permuteShape(*inputs[1], attention.keyPerm),
       v = permuteShape(*inputs[2], attention.valuePerm);
  size_t rank = q.size();
  form.hasHeads = rank > 2;
  for (size_t dim = 0; dim + 3 < rank; ++dim) {
    form.outer.push_back(q[dim]);
    if (k[dim] != q[dim] || v[dim] != q[dim])
      return makeError("expected batch sizes of q, k and v to be the same, "
                       "found " +
                       llvm::Twine(q[dim]) + ", " + llvm::Twine(k[dim]) +
                       " and " + llvm::Twine(v[dim]));
  }
  if (form.hasHeads) {
    form.Hq = q[rank - 3];
    form.Hkv = k[rank - 3];
    if (v[rank - 3] != form.Hkv)
      return makeError("expected as many heads of k as of v, found " +
                       llvm::Twine(form.Hkv) + " and " +
                       llvm::Twine(v[rank - 3]));
  }
  form.Lq = q[rank - 2];
  form.d = q[rank - 1];
  form.Lk = k[rank - 2];
  form.dv = v[rank - 1];
  if (k[rank - 1] != form.d)
    return makeError("expected rows of q and k of one size, found " +
                     llvm::Twine(form.d) + " and " + llvm::Twine(k[rank - 1]));
  if (v[rank - 2] != form.Lk)
    return makeError("expected as many rows of k as of v, found " +
                     llvm::Twine(form.Lk) + " and " + llvm::Twine(v[rank - 2]));

  form.q = readFloats(*inputs[0], attention.queryPerm);
  form.k = readFloats(*inputs[1], attention.keyPerm);
  form.v = readFloats(*inputs[2], attention.valuePerm);
  size_t next = 3;
  auto check = [&](const char *name, const HostTensor &tensor) -> llvm::Error {
    llvm::SmallVector<int64_t, 4> full(q.begin(), q.end());
    full.back() = form.Lk;
    for (size_t dim = 0; dim < rank; ++dim)
      if (tensor.getShape()[dim] != full[dim] &&
          (tensor.getShape()[dim] != 1 || dim + 1 == rank))
        return makeError("expected size " + llvm::Twine(full[dim]) +
                         " in dimension " + llvm::Twine(dim) + " of " + name +
                         ", found " + llvm::Twine(tensor.getShape()[dim]));
    return llvm::Error::success();
  };
  if (attention.hasMask) {
    form.mask = inputs[next++];
    if (llvm::Error error = check("the mask", *form.mask))
      return error;
  }
  if (attention.hasBias) {
    const HostTensor &bias = *inputs[next];
    if (llvm::Error error = check("the bias", bias))
      return error;
    if (std::optional<int64_t> index = findNaN(bias))
      return makeError("expected a bias without NaN, found NaN at " +
                       formatPosition(bias.getShape(), *index));
    llvm::Expected<HostTensor> floats = convertTo(bias, ElementType::F32);
    if (!floats)
      return floats.takeError();
    form.bias = std::move(*floats);
  }
  return form;
}

namespace {
/// The rows of a mask or bias that one launch needs, [heads, rows, Lk] with
/// heads and rows 1 where they are broadcast.
template <typename T> struct MaskSlice {
  MaskSlice(const AttentionCallForm &form, const HostTensor &tensor,
            int64_t outer, int64_t firstHead, int64_t numHeads) {
    llvm::ArrayRef<int64_t> shape = tensor.getShape();
    size_t numOuter = form.outer.size();
    // The place of this launch among the outer dimensions that are there.
    int64_t index = 0, rest = outer, scale = 1;
    for (size_t dim = numOuter; dim-- > 0; rest /= form.outer[dim]) {
      if (shape[dim] == 1)
        continue;
      index += rest % form.outer[dim] * scale;
      scale *= shape[dim];
    }
    int64_t tensorHeads = form.hasHeads ? shape[numOuter] : 1;
    heads = tensorHeads == 1 ? 1 : uint32_t(numHeads);
    rows = uint32_t(shape[shape.size() - 2]);
    int64_t perHead = int64_t(rows) * form.Lk;
    const T *begin =
        tensor.as<T>() +
        (index * tensorHeads + (tensorHeads == 1 ? 0 : firstHead)) * perHead;
    elements.assign(begin, begin + int64_t(heads) * perHead);
  }
  std::vector<T> elements;
  uint32_t heads = 1, rows = 1;
};
} // namespace

llvm::Expected<std::vector<NamedTensor>>
MachineSite::execute(llvm::ArrayRef<const HostTensor *> inputs, SiteCall &call,
                     bool isMeasured) const {
  llvm::Expected<AttentionCallForm> form = readOperands(attention, inputs);
  if (!form)
    return form.takeError();
  Site site;
  site.policy = attention.policy;
  site.dense = attention.isDense;
  site.scale = attention.scale;
  site.causal = attention.causal;
  site.Hq = uint32_t(form->Hq);
  site.Hkv = uint32_t(form->Hkv);
  site.Lq = uint32_t(form->Lq);
  site.Lk = uint32_t(form->Lk);
  site.d = uint32_t(form->d);
  site.dv = uint32_t(form->dv);
  site.hasMask = attention.hasMask || attention.hasBias;
  site.hasBias = attention.hasBias;
  if (std::optional<std::string> problem = checkSite(site))
    return makeError(*problem);

  // Samples that a front end merged into the heads are launches, too.
  int64_t numOuter = form->numOuter(), parts = 1;
  if (call.batchSize > 1 && numOuter % call.batchSize != 0 &&
      form->Hq % call.batchSize == 0 && form->Hkv % call.batchSize == 0)
    parts = call.batchSize;
  int64_t Hq = form->Hq / parts, Hkv = form->Hkv / parts,
          launches = numOuter * parts;
  int64_t numCounted = launches % call.batchSize == 0
                           ? launches / call.batchSize * call.numValid
                           : launches;
  site.Hq = uint32_t(Hq);
  site.Hkv = uint32_t(Hkv);
  ResultTensors tensors(attention, *form, site);
  auto slice = [](const std::vector<float> &x, int64_t index, int64_t size) {
    return llvm::ArrayRef<float>(x).slice(size_t(index * size), size_t(size));
  };
  for (int64_t index = 0; index < launches; ++index) {
    AttentionOperands operands;
    operands.q = slice(form->q, index, Hq * form->Lq * form->d);
    operands.k = slice(form->k, index, Hkv * form->Lk * form->d);
    operands.v = slice(form->v, index, Hkv * form->Lk * form->dv);
    std::optional<MaskSlice<uint8_t>> mask;
    std::optional<MaskSlice<float>> bias;
    int64_t outer = index / parts, firstHead = index % parts * Hq;
    if (form->mask) {
      mask.emplace(*form, *form->mask, outer, firstHead, Hq);
      operands.mask = mask->elements;
      operands.maskHeads = mask->heads;
      operands.maskRows = mask->rows;
    }
    if (form->bias) {
      bias.emplace(*form, *form->bias, outer, firstHead, Hq);
      operands.bias = bias->elements;
      operands.biasHeads = bias->heads;
      operands.biasRows = bias->rows;
    }
    MaskStorage storage;
    operands = simplifyMasks(site, operands, storage);
    std::vector<uint8_t> allowed;
    if (site.dense)
      operands = makeDenseOperands(site, operands, allowed);
    bool isCounted = isMeasured && index < numCounted;
    Recording recording = tensors.getRecording();
    bool isKept = isCounted && call.keepsLaunch && !call.launch;
    if (isKept && recording == Recording::None)
      recording = Recording::Blocks;
    llvm::Expected<LaunchResult> result =
        launcher.launch(site, operands, recording, isCounted);
    if (!result)
      return result.takeError();
    tensors.addLaunch(index, *result);
    if (!isCounted)
      continue;
    llvm::Expected<RunReport> report = launcher.report(site, operands, *result);
    if (!report)
      return report.takeError();
    if (!call.cost)
      call.cost = std::make_shared<RunReport>();
    call.cost->add(*report);
    if (isKept)
      call.launch = std::make_shared<Launch>(
          Launch{result->program, std::move(result->run),
                 std::move(result->intermediates)});
  }
  return tensors.take();
}
