//===- RaiseReport.cpp - what was raised, what was not, and why -----------===//

#include "RaiseReport.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace hdp::raise;

std::string hdp::raise::describeLocation(Location location) {
  std::string text = "unknown";
  location->walk([&](Location inner) {
    if (auto file = dyn_cast<FileLineColLoc>(inner)) {
      text = (file.getFilename().getValue() + ":" + Twine(file.getLine()) +
              ":" + Twine(file.getColumn()))
                 .str();
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return text;
}

std::string hdp::raise::numberText(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%g", value);
  return text;
}

void Report::writeJson(raw_ostream &os) const {
  llvm::json::OStream json(os, /*IndentSize=*/2);
  json.object([&] {
    json.attribute("raised", int64_t(raised));
    json.attributeArray("refused", [&] {
      for (const Refusal &refusal : refused)
        json.object([&] {
          json.attribute("location", describeLocation(refusal.location));
          json.attribute("function", refusal.function);
          json.attribute("reason", refusal.reason);
          json.attribute("message", refusal.message);
        });
    });
  });
  json.flush();
  os << "\n";
}

static remark::RemarkOpts options(StringRef function) {
  return remark::RemarkOpts::name("raise-attention")
      .category("hdp")
      .function(function);
}

void hdp::raise::remarkRaised(Location location, StringRef function,
                              StringRef what) {
  remark::passed(location, options(function)) << what;
}

void hdp::raise::remarkRefused(const Refusal &refusal) {
  remark::missed(refusal.location, options(refusal.function))
      << remark::reason("{0}: {1}", refusal.reason, refusal.message);
}
