//===- SiteCapture.cpp - copies of an attention's operands ----------------===//

#include "SiteCapture.h"

using namespace hdp;
using namespace mlir;

/// Dimension i of the result is dimension perm[i].
static TensorView permute(const TensorView &view, DenseI64ArrayAttr perm) {
  if (!perm)
    return view;
  TensorView result = view;
  for (auto [dim, from] : llvm::enumerate(perm.asArrayRef())) {
    result.shape[dim] = view.shape[from];
    result.strides[dim] = view.strides[from];
  }
  return result;
}

void hdp::captureInputs(const AttentionSite &site,
                        llvm::ArrayRef<TensorView> views,
                        std::vector<NamedTensor> &tensors) {
  func::FuncOp function = site.function;
  auto attributes = function->getAttrOfType<DictionaryAttr>(kSiteAttrName);
  std::string prefix = "layer" + std::to_string(site.id) + ".";
  const StringRef perms[] = {"query_perm", "key_perm", "value_perm"};
  for (auto [index, view] : llvm::enumerate(views.drop_back())) {
    auto name =
        function.getArgAttrOfType<StringAttr>(index, kTensorNameAttrName);
    DenseI64ArrayAttr perm;
    if (index < 3)
      perm = attributes.getAs<DenseI64ArrayAttr>(perms[index]);
    tensors.push_back({prefix + name.str(), permute(view, perm).toHost()});
  }
  HostTensor scale(ElementType::F64, {});
  *scale.as<double>() = attributes.getAs<FloatAttr>("scale").getValueAsDouble();
  tensors.push_back({prefix + "scale", std::move(scale)});
}
