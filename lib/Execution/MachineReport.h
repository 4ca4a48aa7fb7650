//===- MachineReport.h - the machine's part of a report ---------*- C++ -*-===//
//
// Keys and lines that a report has when a machine executed attention.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_LIB_EXECUTION_MACHINEREPORT_H
#define HDP_LIB_EXECUTION_MACHINEREPORT_H

#include "hdp/Execution/Report.h"

namespace hdp {

/// Adds cycles, macs, .. and all the rest as `accelerator`; null without a
/// cost. With `samples` the numbers of one sample, too.
void addCost(llvm::json::Object &object, const machine::RunReport *cost,
             int64_t samples);

/// The machine and what it took, by layer; nothing when none ran.
void printCost(llvm::raw_ostream &os, const RunReport &report);

} // namespace hdp

#endif // HDP_LIB_EXECUTION_MACHINEREPORT_H
