//===- MachineFigures.h - tables of docs/Validation.md ----------*- C++ -*-===//
//
// What the model says of a BERT-Base layer, beside what others published.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_TOOLS_HDP_BENCH_MACHINEFIGURES_H
#define HDP_TOOLS_HDP_BENCH_MACHINEFIGURES_H

#include "MachineLayer.h"

namespace hdp::bench {

/// Runs the layers and prints their tables as Markdown. No times: the same
/// text on every host.
llvm::Error printFigures(llvm::raw_ostream &os);

/// The same for the layers of a model of one head, `s0.layer0.q` and so on in a
/// file: cycles of all layers of a sample, one after the other.
llvm::Error printSamples(llvm::raw_ostream &os, llvm::StringRef path);

} // namespace hdp::bench

#endif // HDP_TOOLS_HDP_BENCH_MACHINEFIGURES_H
