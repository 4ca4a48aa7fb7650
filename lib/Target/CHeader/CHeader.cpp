//===- CHeader.cpp - types, makers and declarations -----------------------===//
//
// A tensor is a memref descriptor, passed by address to the wrapper that the
// pipeline adds to every entry point (`_mlir_ciface_NAME`). Several results are
// one struct.
//
//===----------------------------------------------------------------------===//

#include "hdp/Target/CHeader.h"
#include "hdp/Dialect/HDP/IR/HDP.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/InitAllDialects.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/ADT/StringExtras.h"
#include <set>

using namespace mlir;

namespace {
/// How an element is spelled in C and in the name of a tensor type.
struct Element {
  StringRef c, name;
};

class HeaderWriter {
public:
  LogicalResult addFunction(func::FuncOp function);
  void print(raw_ostream &os) const;

private:
  FailureOr<std::string> getType(func::FuncOp function, Type type);
  void addTensorType(const Element &element, int64_t rank);

  std::set<std::string> known;
  std::string types, functions;
};
} // namespace

/// 16-bit floats are given as their bits, which need no support in C.
static std::optional<Element> getElement(Type type) {
  if (type.isF32())
    return Element{"float", "f32"};
  if (type.isF64())
    return Element{"double", "f64"};
  if (type.isF16())
    return Element{"uint16_t", "f16"};
  if (type.isBF16())
    return Element{"uint16_t", "bf16"};
  if (type.isInteger(1))
    return Element{"bool", "i1"};
  if (type.isIndex() || type.isInteger(64))
    return Element{"int64_t", "i64"};
  for (auto [width, c, name] :
       {std::tuple(8, "int8_t", "i8"), std::tuple(16, "int16_t", "i16"),
        std::tuple(32, "int32_t", "i32")})
    if (type.isInteger(width))
      return Element{c, name};
  return std::nullopt;
}

void HeaderWriter::addTensorType(const Element &element, int64_t rank) {
  std::string name = (element.name + "_" + Twine(rank)).str();
  if (!known.insert(name).second)
    return;
  std::string guard = "HDP_TENSOR_" + StringRef(name).upper();
  llvm::raw_string_ostream os(types);
  os << "\n#ifndef " << guard << "\n#define " << guard
     << "\ntypedef struct {\n  " << element.c
     << " *allocated, *data;\n  int64_t offset";
  if (rank > 0)
    os << ", sizes[" << rank << "], strides[" << rank << "]";
  os << ";\n} hdp_" << name << ";\n\nstatic inline hdp_" << name << " hdp_make_"
     << name << "(" << element.c << " *data";
  for (int64_t d = 0; d < rank; ++d)
    os << ", int64_t size" << d;
  os << ") {\n  hdp_" << name << " tensor = {data, data, 0";
  auto list = [&](llvm::function_ref<void(int64_t)> print) {
    os << ", {";
    for (int64_t d = 0; d < rank; ++d) {
      os << (d ? ", " : "");
      print(d);
    }
    os << "}";
  };
  if (rank > 0) {
    list([&](int64_t d) { os << "size" << d; });
    list([&](int64_t d) {
      if (d + 1 == rank)
        os << "1";
      for (int64_t e = d + 1; e < rank; ++e)
        os << (e > d + 1 ? " * " : "") << "size" << e;
    });
  }
  os << "};\n  return tensor;\n}\n#endif\n";
}

/// The C type of an argument or result; tensor types are added.
FailureOr<std::string> HeaderWriter::getType(func::FuncOp function, Type type) {
  auto shaped = dyn_cast<ShapedType>(type);
  if (!shaped) {
    std::optional<Element> element = getElement(type);
    if (element && !type.isF16() && !type.isBF16())
      return element->c.str();
  } else if (isa<RankedTensorType, MemRefType>(type)) {
    if (std::optional<Element> element = getElement(shaped.getElementType())) {
      addTensorType(*element, shaped.getRank());
      return ("hdp_" + element->name + "_" + Twine(shaped.getRank())).str();
    }
  }
  return mlir::emitError(function.getLoc())
         << "expected tensors of integers or floats, and "
            "scalars that C has, found "
         << type << " in '" << function.getName() << "'";
}

LogicalResult HeaderWriter::addFunction(func::FuncOp function) {
  StringRef name = function.getName();
  bool isName =
      !name.empty() && !llvm::isDigit(name.front()) &&
      llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; });
  if (!isName)
    return mlir::emitError(function.getLoc())
           << "expected a function name that C can spell, found '" << name
           << "'";
  std::vector<std::string> arguments, results;
  for (Type type : function.getArgumentTypes()) {
    FailureOr<std::string> text = getType(function, type);
    if (failed(text))
      return failure();
    arguments.push_back(*text);
  }
  for (Type type : function.getResultTypes()) {
    FailureOr<std::string> text = getType(function, type);
    if (failed(text))
      return failure();
    results.push_back(*text);
  }

  llvm::raw_string_ostream os(functions);
  os << "\n/* " << name << function.getFunctionType() << " */\n";
  std::string result = results.empty() ? "void" : results[0];
  if (results.size() > 1) {
    result = "hdp_" + name.str() + "_results";
    os << "typedef struct {\n";
    for (auto [index, type] : llvm::enumerate(results))
      os << "  " << type << " result" << index << ";\n";
    os << "} " << result << ";\n";
  }
  bool isTensor =
      results.size() == 1 && isa<ShapedType>(function.getResultTypes()[0]);
  bool byAddress = results.size() > 1 || isTensor;

  std::string parameters, declared, passed;
  if (byAddress) {
    declared = result + " *result";
    passed = "&result";
  }
  auto append = [](std::string &list, const Twine &item) {
    list += (list.empty() ? "" : ", ") + item.str();
  };
  for (auto [index, type] : llvm::enumerate(arguments)) {
    bool isShaped = isa<ShapedType>(function.getArgumentTypes()[index]);
    append(parameters, Twine(type) + " arg" + Twine(index));
    append(declared,
           Twine(type) + (isShaped ? " *arg" : " arg") + Twine(index));
    append(passed, Twine(isShaped ? "&arg" : "arg") + Twine(index));
  }
  auto orVoid = [](const std::string &list) {
    return list.empty() ? "void" : list;
  };
  os << (byAddress ? "void" : result) << " _mlir_ciface_" << name << "("
     << orVoid(declared) << ");\nstatic inline " << result << " hdp_call_"
     << name << "(" << orVoid(parameters) << ") {\n";
  if (byAddress)
    os << "  " << result << " result;\n  _mlir_ciface_" << name << "(" << passed
       << ");\n  return result;\n";
  else
    os << "  " << (results.empty() ? "" : "return ") << "_mlir_ciface_" << name
       << "(" << passed << ");\n";
  os << "}\n";
  return success();
}

void HeaderWriter::print(raw_ostream &os) const {
  os << R"(/* Functions of a module that was compiled with --hdp-cpu-pipeline.
 * Written by hdp-translate --hdp-to-c-header; do not edit.
 *
 * A tensor of rank R is an hdp_TYPE_R: element [i, j, ..] is
 * data[offset + i * strides[0] + j * strides[1] + ..]. hdp_make_TYPE_R is a
 * dense one over memory of the caller, who keeps it. A tensor that is returned
 * was allocated with malloc: its caller frees `allocated`. f16 and bf16 are
 * given as their bits.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
)" << types
     << functions << R"(
#ifdef __cplusplus
}
#endif
)";
}

LogicalResult hdp::exportCHeader(ModuleOp module, raw_ostream &os) {
  HeaderWriter writer;
  bool isEmpty = true;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function.isPublic() || function.isExternal())
      continue;
    isEmpty = false;
    if (failed(writer.addFunction(function)))
      return failure();
  }
  if (isEmpty)
    return mlir::emitError(module.getLoc())
           << "expected a public function, found none";
  writer.print(os);
  return success();
}

void hdp::registerCHeaderTranslation() {
  static TranslateFromMLIRRegistration toHeader(
      "hdp-to-c-header",
      "declare the public functions of a module, as it is before "
      "--hdp-cpu-pipeline, for C and C++",
      [](Operation *op, raw_ostream &os) -> LogicalResult {
        auto module = dyn_cast<ModuleOp>(op);
        if (!module)
          return op->emitError() << "expected a module";
        return exportCHeader(module, os);
      },
      [](DialectRegistry &registry) {
        mlir::registerAllDialects(registry);
        registry.insert<HDPDialect>();
      });
}
