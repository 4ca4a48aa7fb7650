//===- HDPOps.td - attention and the parts it is refined into -------------===//
//
// The ops in the order of the dialect's reference: the whole, then its parts as
// one head goes through them.
//
//===----------------------------------------------------------------------===//

#ifndef HDP_DIALECT_HDP_IR_HDPOPS
#define HDP_DIALECT_HDP_IR_HDPOPS

include "hdp/Dialect/HDP/IR/HDPAttentionOp.td"
include "hdp/Dialect/HDP/IR/HDPCodeOps.td"
include "hdp/Dialect/HDP/IR/HDPPruningOps.td"
include "hdp/Dialect/HDP/IR/HDPWeightOps.td"

#endif // HDP_DIALECT_HDP_IR_HDPOPS
