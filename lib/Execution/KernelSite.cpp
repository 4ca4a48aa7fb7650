//===- KernelSite.cpp - building and calling one attention ----------------===//

#include "KernelSite.h"
#include "hdp/Numerics/FixedPoint.h"
#include "hdp/Numerics/NativeOps.h"
#include "hdp/Support/Convert.h"
#include "hdp/Support/Error.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace hdp;
using namespace mlir;

static constexpr StringRef kFunction = "attention";

/// Rows are contiguous, whatever else lies between them.
static MemRefType toBufferType(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  llvm::SmallVector<int64_t> strides(tensor.getRank(), ShapedType::kDynamic);
  if (!strides.empty())
    strides.back() = 1;
  return MemRefType::get(
      tensor.getShape(), tensor.getElementType(),
      StridedLayoutAttr::get(type.getContext(), ShapedType::kDynamic, strides));
}

FailureOr<AttentionOp> hdp::buildKernelFunction(func::FuncOp site,
                                                ModuleOp module) {
  auto attributes = site->getAttrOfType<DictionaryAttr>(kSiteAttrName);
  if (!attributes || site.getNumResults() == 0)
    return failure();
  module.getContext()
      ->loadDialect<bufferization::BufferizationDialect, memref::MemRefDialect,
                    func::FuncDialect, HDPDialect>();
  ImplicitLocOpBuilder b(site.getLoc(), module.getContext());
  b.setInsertionPointToEnd(module.getBody());
  llvm::SmallVector<Type> tensors(site.getArgumentTypes()), buffers;
  tensors.push_back(site.getResultTypes().front());
  for (Type type : tensors)
    buffers.push_back(toBufferType(type));
  auto function =
      func::FuncOp::create(b, kFunction, b.getFunctionType(buffers, {}));
  Block *body = function.addEntryBlock();
  b.setInsertionPointToStart(body);
  llvm::SmallVector<Value> values;
  for (auto [argument, type] : llvm::zip(body->getArguments(), tensors)) {
    bool isOutput = values.size() + 1 == tensors.size();
    values.push_back(bufferization::ToTensorOp::create(
        b, type, argument, /*restrict=*/true, /*writable=*/isOutput));
  }
  Value mask, bias;
  for (unsigned i = 3; i + 1 < values.size(); ++i) {
    auto name = site.getArgAttrOfType<StringAttr>(i, kTensorNameAttrName);
    (name && name == "mask" ? mask : bias) = values[i];
  }
  auto perm = [&](StringRef name) {
    return attributes.getAs<DenseI64ArrayAttr>(name);
  };
  auto op = AttentionOp::create(
      b, TypeRange(tensors.back()), values[0], values[1], values[2], mask, bias,
      values.back(), attributes.getAs<FloatAttr>("scale"),
      attributes.getAs<UnitAttr>("causal"),
      attributes.getAs<PolicyAttr>("policy"), perm("query_perm"),
      perm("key_perm"), perm("value_perm"), perm("result_perm"));
  bufferization::MaterializeInDestinationOp::create(
      b, /*result=*/Type(), op->getResult(0), body->getArguments().back(),
      /*restrict=*/true, /*writable=*/true);
  func::ReturnOp::create(b);
  return op;
}

static llvm::SmallVector<int64_t>
orIdentity(std::optional<llvm::ArrayRef<int64_t>> perm, int64_t rank) {
  llvm::SmallVector<int64_t> order;
  for (int64_t dim = 0; dim < rank; ++dim)
    order.push_back(perm ? (*perm)[dim] : dim);
  return order;
}

llvm::Expected<std::unique_ptr<PreparedSite>>
KernelSite::create(func::FuncOp site, AttentionOp op, ModuleOp module,
                   const JitOptions &jitOptions) {
  auto ready = std::make_unique<KernelSite>();
  ready->site = site;
  if (PolicyAttr policy = op.getPolicyAttr())
    ready->policy = policy.getValue();
  int64_t rank = cast<ShapedType>(op.getQuery().getType()).getRank();
  ready->queryPerm = orIdentity(op.getQueryPerm(), rank);
  ready->valuePerm = orIdentity(op.getValuePerm(), rank);
  ready->resultPerm = orIdentity(op.getResultPerm(), rank);
  auto signature = getSignature(site);
  if (!signature)
    return signature.takeError();
  ready->signature = std::move(*signature);
  for (unsigned i = 0; i < site.getNumResults(); ++i) {
    auto name = site.getResultAttrOfType<StringAttr>(i, kTensorNameAttrName);
    ready->hasCodes |= name && name == "o";
  }
  ready->hasCodes &=
      ready->signature.results.front().elementType == ElementType::F32 &&
      !op.getValuePerm() && !op.getResultPerm();
  CompileOptions options;
  options.attention = AttentionLowering::Vector;
  options.target = jitOptions.target;
  options.objectCache = jitOptions.objectCache;
  ready->jitOptions = jitOptions;
  auto model = CompiledModel::compile(module, options);
  if (!model)
    return model.takeError();
  ready->model = std::move(*model);
  return ready;
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

static TensorView makeView(const HostTensor &tensor) {
  TensorView view;
  view.elementType = tensor.getElementType();
  // Inputs are only read.
  view.data = const_cast<char *>(tensor.getData());
  view.shape.assign(tensor.getShape().begin(), tensor.getShape().end());
  view.strides.assign(view.shape.size(), 1);
  for (size_t dim = view.shape.size(); dim-- > 1;)
    view.strides[dim - 1] = view.strides[dim] * view.shape[dim];
  return view;
}

llvm::Expected<bool>
KernelSite::runInPlace(llvm::ArrayRef<TensorView> views) const {
  std::vector<TensorView> buffers(views.begin(), views.end());
  for (TensorView &view : buffers) {
    if (view.shape.empty() || view.strides.back() == 1)
      continue;
    if (view.shape.back() > 1)
      return false;
    view.strides.back() = 1; // a single element has no next one
  }
  if (llvm::Error error = model->runInPlace(kFunction, buffers))
    return error;
  return true;
}

llvm::SmallVector<int64_t>
KernelSite::getOutputShape(llvm::ArrayRef<const HostTensor *> inputs) const {
  size_t rank = queryPerm.size();
  llvm::SmallVector<int64_t> shape(rank);
  for (size_t dim = 0; dim < rank; ++dim)
    shape[resultPerm[dim]] = dim + 1 == rank
                                 ? inputs[2]->getShape()[valuePerm[dim]]
                                 : inputs[0]->getShape()[queryPerm[dim]];
  return shape;
}

/// N11 backwards: the codes of `out` (f32, dense), whose values have `format`
/// and the exponents of `v`. Leading dimensions count heads; grouped ones share
/// an exponent (N13).
static HostTensor computeCodes(const HostTensor &out, const HostTensor &v,
                               const numerics::Policy &policy) {
  numerics::NativeOps ops;
  numerics::CodeFormat format = numerics::getValueFormat(policy);
  auto countHeads = [](const HostTensor &tensor) {
    int64_t rank = tensor.getRank(), heads = 1;
    for (int64_t dim = 0; dim + 2 < rank; ++dim)
      heads *= tensor.getShape()[dim];
    return heads;
  };
  int64_t shared = countHeads(v), heads = countHeads(out);
  int64_t size = shared ? v.getNumElements() / shared : 0;
  int64_t outSize = heads ? out.getNumElements() / heads : 0;
  HostTensor codes(ElementType::I16, out.getShape());
  for (int64_t head = 0; head < heads; ++head) {
    int64_t from = head / (heads / shared);
    int32_t exponent = static_cast<int32_t>(policy.sv);
    if (policy.exponents == numerics::Exponents::Dynamic) {
      double magnitude = 0;
      for (int64_t i = 0; i < size; ++i)
        magnitude = numerics::maxMagnitude(ops, magnitude,
                                           getFloatElement(v, from * size + i));
      exponent = numerics::dynamicExponent(ops, magnitude, format,
                                           numerics::maxExponent);
    }
    double unit = numerics::dequantizeFactor(ops, exponent);
    for (int64_t i = head * outSize; i < (head + 1) * outSize; ++i)
      codes.as<int16_t>()[i] =
          static_cast<int16_t>(double(out.as<float>()[i]) / unit);
  }
  return codes;
}

llvm::Expected<std::vector<NamedTensor>>
KernelSite::run(llvm::ArrayRef<const HostTensor *> inputs) const {
  if (llvm::Error error = checkArguments(signature, inputs))
    return error;
  HostTensor out(signature.results.front().elementType, getOutputShape(inputs));
  std::vector<TensorView> views;
  for (const HostTensor *input : inputs)
    views.push_back(makeView(*input));
  views.push_back(makeView(out));
  llvm::Expected<bool> done = runInPlace(views);
  if (!done)
    return done.takeError();
  std::vector<NamedTensor> results;
  if (policy && hasCodes)
    results.push_back({"o", computeCodes(out, *inputs[2], *policy)});
  results.insert(results.begin(), {"out", std::move(out)});
  return results;
}

llvm::Expected<std::vector<NamedTensor>>
KernelSite::count(llvm::ArrayRef<const HostTensor *> inputs) const {
  std::call_once(once, [&] {
    auto ready = makeJitEngine(jitOptions)->prepare(site);
    if (ready)
      counting = std::move(*ready);
    else
      countingError = llvm::toString(ready.takeError());
  });
  if (!counting)
    return makeError(countingError);
  return counting->run(inputs);
}
