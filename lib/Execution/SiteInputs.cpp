//===- SiteInputs.cpp - types and shapes of inputs ------------------------===//
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "SiteInputs.h"
#include "Reference/Frame.h"
#include "hdp/Dialect/HDP/Transforms/Decompose.h"
#include "hdp/Support/Error.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace hdp;
using namespace hdp::reference;

std::string hdp::getTensorName(Attribute name, size_t index) {
  if (auto text = dyn_cast_or_null<StringAttr>(name))
    return text.str();
  return std::to_string(index);
}

llvm::Error hdp::checkSiteInputs(func::FuncOp function,
                                 llvm::ArrayRef<const HostTensor *> inputs) {
  if (inputs.size() != function.getNumArguments())
    return makeError("expected " + llvm::Twine(function.getNumArguments()) +
                     " inputs, found " + llvm::Twine(inputs.size()));
  for (auto [index, type] : llvm::enumerate(function.getArgumentTypes())) {
    auto tensorType = cast<RankedTensorType>(type);
    const HostTensor &input = *inputs[index];
    if (convertElementType(tensorType.getElementType()) ==
            input.getElementType() &&
        succeeded(
            verifyCompatibleShape(tensorType.getShape(), input.getShape())))
      continue;
    std::string text;
    llvm::raw_string_ostream(text) << type;
    return makeError(
        "expected input '" +
        getTensorName(function.getArgAttr(index, kTensorNameAttrName), index) +
        "' of type " + text + ", found tensor<" + formatType(input) + ">");
  }
  return llvm::Error::success();
}
