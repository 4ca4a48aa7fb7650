//===- RaiseReport.cpp - what was raised, what was not, and why -----------===//

#include "RaiseReport.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
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

FunctionCounts &Report::in(StringRef function) {
  for (FunctionCounts &counts : functions)
    if (counts.function == function)
      return counts;
  functions.emplace_back();
  functions.back().function = function.str();
  return functions.back();
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
    json.attributeArray("functions", [&] {
      for (const FunctionCounts &counts : functions)
        json.object([&] {
          json.attribute("function", counts.function);
          json.attribute("contractions", int64_t(counts.contractions));
          json.attribute("softmaxes", int64_t(counts.softmaxes));
          json.attribute("raised", int64_t(counts.raised));
          json.attribute("refused", int64_t(counts.refused));
        });
    });
  });
  json.flush();
  os << "\n";
}

void Report::writeText(raw_ostream &os) const {
  auto row = [&](const Twine &name, const Twine &contractions,
                 const Twine &softmaxes, const Twine &raisedHere,
                 const Twine &refusedHere) {
    os << llvm::formatv("{0,-24} {1,12} {2,9} {3,6} {4,7}\n", name.str(),
                        contractions.str(), softmaxes.str(), raisedHere.str(),
                        refusedHere.str());
  };
  row("function", "contractions", "softmaxes", "raised", "refused");
  for (const FunctionCounts &counts : functions)
    row(counts.function, Twine(counts.contractions), Twine(counts.softmaxes),
        Twine(counts.raised), Twine(counts.refused));
  for (const Refusal &refusal : refused)
    os << describeLocation(refusal.location) << ": refused, " << refusal.reason
       << ": " << refusal.message << "\n";
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
