#map = affine_map<(d0, d1, d2) -> (d0, d1)>
#map1 = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#map2 = affine_map<(d0, d1, d2) -> (d1, d2)>
#map3 = affine_map<(d0, d1, d2) -> (d0, d1, 0)>
#map4 = affine_map<(d0, d1, d2) -> (d2)>
#map5 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#map6 = affine_map<(d0, d1) -> (d1)>
#map7 = affine_map<(d0, d1) -> (d0, d1)>
#map8 = affine_map<(d0, d1, d2, d3) -> (d0, 0, 0, d3)>
#map9 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>
#map10 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
module {
  func.func @main(%arg0: tensor<1x48xi64>, %arg1: tensor<1x48xi64>, %arg2: tensor<103x64xf32>, %arg3: tensor<48x64xf32>, %arg4: tensor<64xf32>, %arg5: tensor<64xf32>, %arg6: tensor<64x64xf32>, %arg7: tensor<64xf32>, %arg8: tensor<64x64xf32>, %arg9: tensor<64xf32>, %arg10: tensor<64x64xf32>, %arg11: tensor<64xf32>, %arg12: tensor<64x64xf32>, %arg13: tensor<64xf32>, %arg14: tensor<64xf32>, %arg15: tensor<64xf32>, %arg16: tensor<128x64xf32>, %arg17: tensor<128xf32>, %arg18: tensor<64x128xf32>, %arg19: tensor<64xf32>, %arg20: tensor<64xf32>, %arg21: tensor<64xf32>, %arg22: tensor<64x64xf32>, %arg23: tensor<64xf32>, %arg24: tensor<64x64xf32>, %arg25: tensor<64xf32>, %arg26: tensor<64x64xf32>, %arg27: tensor<64xf32>, %arg28: tensor<64x64xf32>, %arg29: tensor<64xf32>, %arg30: tensor<64xf32>, %arg31: tensor<64xf32>, %arg32: tensor<128x64xf32>, %arg33: tensor<128xf32>, %arg34: tensor<64x128xf32>, %arg35: tensor<64xf32>, %arg36: tensor<64xf32>, %arg37: tensor<64xf32>, %arg38: tensor<6x64xf32>, %arg39: tensor<6xf32>) -> tensor<1x6xf32> {
    %cst = arith.constant 103 : index
    %cst_1 = arith.constant 0 : i64
    %cst_2 = arith.constant 0.000000e+00 : f64
    %cst_3 = arith.constant 6.400000e+01 : f64
    %cst_4 = arith.constant 1.000000e-05 : f64
    %cst_5 = arith.constant 0.000000e+00 : f32
    %cst_6 = arith.constant 6.400000e+01 : f32
    %cst_7 = arith.constant 1.000000e+00 : f32
    %cst_8 = arith.constant -3.40282347E+38 : f32
    %cst_9 = arith.constant 0.1767766952966369 : f64
    %cst_10 = arith.constant 0xFF800000 : f32
    %0 = tensor.empty() : tensor<1x48x64xf32>
    %1 = linalg.generic {indexing_maps = [#map, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%arg0 : tensor<1x48xi64>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: i64, %out: f32):
      %row = arith.index_cast %in : i64 to index
      %column = linalg.index 2 : index
      %below = arith.cmpi slt, %row, %cst : index
      cf.assert %below, "index must be smaller than dim size"
      %above = arith.cmpi sge, %in, %cst_1 : i64
      cf.assert %above, "index must be larger or equal to 0"
      %y = tensor.extract %arg2[%row, %column] : tensor<103x64xf32>
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %2 = linalg.generic {indexing_maps = [#map1, #map2, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%1, %arg3 : tensor<1x48x64xf32>, tensor<48x64xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %3 = tensor.empty() : tensor<1x48x64xf64>
    %4 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%2 : tensor<1x48x64xf32>) outs(%3 : tensor<1x48x64xf64>) {
    ^bb0(%in: f32, %out: f64):
      %y = arith.extf %in : f32 to f64
      linalg.yield %y : f64
    } -> tensor<1x48x64xf64>
    %5 = tensor.empty() : tensor<1x48x1xf64>
    %6 = linalg.fill ins(%cst_2 : f64) outs(%5 : tensor<1x48x1xf64>) -> tensor<1x48x1xf64>
    %7 = linalg.generic {indexing_maps = [#map1, #map3], iterator_types = ["parallel", "parallel", "reduction"]} ins(%4 : tensor<1x48x64xf64>) outs(%6 : tensor<1x48x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %y = arith.addf %in, %out : f64
      linalg.yield %y : f64
    } -> tensor<1x48x1xf64>
    %8 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%7 : tensor<1x48x1xf64>) outs(%5 : tensor<1x48x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %y = arith.divf %in, %cst_3 : f64
      linalg.yield %y : f64
    } -> tensor<1x48x1xf64>
    %9 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%4, %8 : tensor<1x48x64xf64>, tensor<1x48x1xf64>) outs(%3 : tensor<1x48x64xf64>) {
    ^bb0(%in: f64, %in_1: f64, %out: f64):
      %y = arith.subf %in, %in_1 : f64
      linalg.yield %y : f64
    } -> tensor<1x48x64xf64>
    %10 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%9, %9 : tensor<1x48x64xf64>, tensor<1x48x64xf64>) outs(%3 : tensor<1x48x64xf64>) {
    ^bb0(%in: f64, %in_1: f64, %out: f64):
      %y = arith.mulf %in, %in_1 : f64
      linalg.yield %y : f64
    } -> tensor<1x48x64xf64>
    %11 = linalg.generic {indexing_maps = [#map1, #map3], iterator_types = ["parallel", "parallel", "reduction"]} ins(%10 : tensor<1x48x64xf64>) outs(%6 : tensor<1x48x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %y = arith.addf %in, %out : f64
      linalg.yield %y : f64
    } -> tensor<1x48x1xf64>
    %12 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%11 : tensor<1x48x1xf64>) outs(%5 : tensor<1x48x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %y = arith.divf %in, %cst_3 : f64
      linalg.yield %y : f64
    } -> tensor<1x48x1xf64>
    %13 = tensor.empty() : tensor<1x48x1xf32>
    %14 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%12 : tensor<1x48x1xf64>) outs(%13 : tensor<1x48x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %y = arith.truncf %in : f64 to f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %15 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%14 : tensor<1x48x1xf32>) outs(%13 : tensor<1x48x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %epsilon = arith.truncf %cst_4 : f64 to f32
      %y = arith.addf %in, %epsilon : f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %16 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%15 : tensor<1x48x1xf32>) outs(%13 : tensor<1x48x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = math.rsqrt %in : f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %17 = linalg.fill ins(%cst_5 : f32) outs(%13 : tensor<1x48x1xf32>) -> tensor<1x48x1xf32>
    %18 = linalg.generic {indexing_maps = [#map1, #map3], iterator_types = ["parallel", "parallel", "reduction"]} ins(%2 : tensor<1x48x64xf32>) outs(%17 : tensor<1x48x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = arith.addf %in, %out : f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %19 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%18 : tensor<1x48x1xf32>) outs(%13 : tensor<1x48x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = arith.divf %in, %cst_6 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %20 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%2, %19 : tensor<1x48x64xf32>, tensor<1x48x1xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.subf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %21 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%20, %16 : tensor<1x48x64xf32>, tensor<1x48x1xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.mulf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %22 = linalg.generic {indexing_maps = [#map1, #map4, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%21, %arg4 : tensor<1x48x64xf32>, tensor<64xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.mulf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %23 = linalg.generic {indexing_maps = [#map1, #map4, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%22, %arg5 : tensor<1x48x64xf32>, tensor<64xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %24 = tensor.expand_shape %arg1 [[0], [1, 2, 3]] output_shape [1, 1, 1, 48] : tensor<1x48xi64> into tensor<1x1x1x48xi64>
    %25 = tensor.empty() : tensor<1x1x1x48xf32>
    %26 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%24 : tensor<1x1x1x48xi64>) outs(%25 : tensor<1x1x1x48xf32>) {
    ^bb0(%in: i64, %out: f32):
      %y = arith.sitofp %in : i64 to f32
      linalg.yield %y : f32
    } -> tensor<1x1x1x48xf32>
    %27 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%26 : tensor<1x1x1x48xf32>) outs(%25 : tensor<1x1x1x48xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = arith.subf %cst_7, %in : f32
      linalg.yield %y : f32
    } -> tensor<1x1x1x48xf32>
    %28 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%27 : tensor<1x1x1x48xf32>) outs(%25 : tensor<1x1x1x48xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = arith.mulf %in, %cst_8 : f32
      linalg.yield %y : f32
    } -> tensor<1x1x1x48xf32>
    %29 = tensor.collapse_shape %23 [[0, 1], [2]] : tensor<1x48x64xf32> into tensor<48x64xf32>
    %30 = tensor.empty() : tensor<64x64xf32>
    %31 = linalg.transpose ins(%arg6 : tensor<64x64xf32>) outs(%30 : tensor<64x64xf32>) permutation = [1, 0] 
    %32 = tensor.empty() : tensor<48x64xf32>
    %33 = linalg.fill ins(%cst_5 : f32) outs(%32 : tensor<48x64xf32>) -> tensor<48x64xf32>
    %34 = linalg.matmul ins(%29, %31 : tensor<48x64xf32>, tensor<64x64xf32>) outs(%33 : tensor<48x64xf32>) -> tensor<48x64xf32>
    %35 = linalg.generic {indexing_maps = [#map6, #map7], iterator_types = ["parallel", "parallel"]} ins(%arg7 : tensor<64xf32>) outs(%32 : tensor<48x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<48x64xf32>
    %36 = linalg.generic {indexing_maps = [#map7, #map7, #map7], iterator_types = ["parallel", "parallel"]} ins(%34, %35 : tensor<48x64xf32>, tensor<48x64xf32>) outs(%32 : tensor<48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<48x64xf32>
    %37 = tensor.expand_shape %36 [[0, 1], [2, 3]] output_shape [1, 48, 2, 32] : tensor<48x64xf32> into tensor<1x48x2x32xf32>
    %38 = tensor.empty() : tensor<1x2x48x32xf32>
    %39 = linalg.transpose ins(%37 : tensor<1x48x2x32xf32>) outs(%38 : tensor<1x2x48x32xf32>) permutation = [0, 2, 1, 3] 
    %40 = tensor.collapse_shape %39 [[0, 1], [2], [3]] : tensor<1x2x48x32xf32> into tensor<2x48x32xf32>
    %41 = linalg.transpose ins(%arg8 : tensor<64x64xf32>) outs(%30 : tensor<64x64xf32>) permutation = [1, 0] 
    %42 = linalg.matmul ins(%29, %41 : tensor<48x64xf32>, tensor<64x64xf32>) outs(%33 : tensor<48x64xf32>) -> tensor<48x64xf32>
    %43 = linalg.generic {indexing_maps = [#map6, #map7], iterator_types = ["parallel", "parallel"]} ins(%arg9 : tensor<64xf32>) outs(%32 : tensor<48x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<48x64xf32>
    %44 = linalg.generic {indexing_maps = [#map7, #map7, #map7], iterator_types = ["parallel", "parallel"]} ins(%42, %43 : tensor<48x64xf32>, tensor<48x64xf32>) outs(%32 : tensor<48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<48x64xf32>
    %45 = tensor.expand_shape %44 [[0, 1], [2, 3]] output_shape [1, 48, 2, 32] : tensor<48x64xf32> into tensor<1x48x2x32xf32>
    %46 = tensor.empty() : tensor<1x2x32x48xf32>
    %47 = linalg.transpose ins(%45 : tensor<1x48x2x32xf32>) outs(%46 : tensor<1x2x32x48xf32>) permutation = [0, 2, 3, 1] 
    %48 = tensor.collapse_shape %47 [[0, 1], [2], [3]] : tensor<1x2x32x48xf32> into tensor<2x32x48xf32>
    %49 = linalg.transpose ins(%arg10 : tensor<64x64xf32>) outs(%30 : tensor<64x64xf32>) permutation = [1, 0] 
    %50 = linalg.matmul ins(%29, %49 : tensor<48x64xf32>, tensor<64x64xf32>) outs(%33 : tensor<48x64xf32>) -> tensor<48x64xf32>
    %51 = linalg.generic {indexing_maps = [#map6, #map7], iterator_types = ["parallel", "parallel"]} ins(%arg11 : tensor<64xf32>) outs(%32 : tensor<48x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<48x64xf32>
    %52 = linalg.generic {indexing_maps = [#map7, #map7, #map7], iterator_types = ["parallel", "parallel"]} ins(%50, %51 : tensor<48x64xf32>, tensor<48x64xf32>) outs(%32 : tensor<48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<48x64xf32>
    %53 = tensor.expand_shape %52 [[0, 1], [2, 3]] output_shape [1, 48, 2, 32] : tensor<48x64xf32> into tensor<1x48x2x32xf32>
    %54 = linalg.transpose ins(%53 : tensor<1x48x2x32xf32>) outs(%38 : tensor<1x2x48x32xf32>) permutation = [0, 2, 1, 3] 
    %55 = tensor.collapse_shape %54 [[0, 1], [2], [3]] : tensor<1x2x48x32xf32> into tensor<2x48x32xf32>
    %56 = tensor.empty() : tensor<2x48x48xf32>
    %57 = linalg.fill ins(%cst_5 : f32) outs(%56 : tensor<2x48x48xf32>) -> tensor<2x48x48xf32>
    %58 = linalg.batch_matmul ins(%40, %48 : tensor<2x48x32xf32>, tensor<2x32x48xf32>) outs(%57 : tensor<2x48x48xf32>) -> tensor<2x48x48xf32>
    %59 = tensor.expand_shape %58 [[0, 1], [2], [3]] output_shape [1, 2, 48, 48] : tensor<2x48x48xf32> into tensor<1x2x48x48xf32>
    %60 = tensor.empty() : tensor<1x2x48x48xf32>
    %61 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%59 : tensor<1x2x48x48xf32>) outs(%60 : tensor<1x2x48x48xf32>) {
    ^bb0(%in: f32, %out: f32):
      %scale = arith.truncf %cst_9 : f64 to f32
      %y = arith.mulf %in, %scale : f32
      linalg.yield %y : f32
    } -> tensor<1x2x48x48xf32>
    %62 = linalg.generic {indexing_maps = [#map5, #map8, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%61, %28 : tensor<1x2x48x48xf32>, tensor<1x1x1x48xf32>) outs(%60 : tensor<1x2x48x48xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x2x48x48xf32>
    %63 = tensor.empty() : tensor<1x2x48xf32>
    %64 = linalg.fill ins(%cst_10 : f32) outs(%63 : tensor<1x2x48xf32>) -> tensor<1x2x48xf32>
    %65 = tensor.empty() : tensor<1x2x48xi64>
    %66 = linalg.fill ins(%cst_1 : i64) outs(%65 : tensor<1x2x48xi64>) -> tensor<1x2x48xi64>
    %67:2 = linalg.generic {indexing_maps = [#map5, #map9, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%62 : tensor<1x2x48x48xf32>) outs(%64, %66 : tensor<1x2x48xf32>, tensor<1x2x48xi64>) {
    ^bb0(%in: f32, %out: f32, %out_1: i64):
      %position = linalg.index 3 : index
      %column = arith.index_cast %position : index to i64
      %greatest = arith.maximumf %in, %out : f32
      %greater = arith.cmpf ogt, %in, %out : f32
      %where = arith.select %greater, %column, %out_1 : i64
      linalg.yield %greatest, %where : f32, i64
    } -> (tensor<1x2x48xf32>, tensor<1x2x48xi64>)
    %68 = tensor.expand_shape %67#0 [[0], [1], [2, 3]] output_shape [1, 2, 48, 1] : tensor<1x2x48xf32> into tensor<1x2x48x1xf32>
    %69 = linalg.generic {indexing_maps = [#map5, #map10, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%62, %68 : tensor<1x2x48x48xf32>, tensor<1x2x48x1xf32>) outs(%60 : tensor<1x2x48x48xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.subf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x2x48x48xf32>
    %70 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%69 : tensor<1x2x48x48xf32>) outs(%60 : tensor<1x2x48x48xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = math.exp %in : f32
      linalg.yield %y : f32
    } -> tensor<1x2x48x48xf32>
    %71 = tensor.empty() : tensor<1x2x48x1xf32>
    %72 = linalg.fill ins(%cst_5 : f32) outs(%71 : tensor<1x2x48x1xf32>) -> tensor<1x2x48x1xf32>
    %73 = linalg.generic {indexing_maps = [#map5, #map10], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%70 : tensor<1x2x48x48xf32>) outs(%72 : tensor<1x2x48x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = arith.addf %in, %out : f32
      linalg.yield %y : f32
    } -> tensor<1x2x48x1xf32>
    %74 = linalg.generic {indexing_maps = [#map5, #map10, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%70, %73 : tensor<1x2x48x48xf32>, tensor<1x2x48x1xf32>) outs(%60 : tensor<1x2x48x48xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.divf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x2x48x48xf32>
    %75 = tensor.collapse_shape %74 [[0, 1], [2], [3]] : tensor<1x2x48x48xf32> into tensor<2x48x48xf32>
    %76 = tensor.empty() : tensor<2x48x32xf32>
    %77 = linalg.fill ins(%cst_5 : f32) outs(%76 : tensor<2x48x32xf32>) -> tensor<2x48x32xf32>
    %78 = linalg.batch_matmul ins(%75, %55 : tensor<2x48x48xf32>, tensor<2x48x32xf32>) outs(%77 : tensor<2x48x32xf32>) -> tensor<2x48x32xf32>
    %79 = tensor.expand_shape %78 [[0, 1], [2], [3]] output_shape [1, 2, 48, 32] : tensor<2x48x32xf32> into tensor<1x2x48x32xf32>
    %80 = tensor.empty() : tensor<1x48x2x32xf32>
    %81 = linalg.transpose ins(%79 : tensor<1x2x48x32xf32>) outs(%80 : tensor<1x48x2x32xf32>) permutation = [0, 2, 1, 3] 
    %82 = tensor.collapse_shape %81 [[0, 1], [2, 3]] : tensor<1x48x2x32xf32> into tensor<48x64xf32>
    %83 = linalg.transpose ins(%arg12 : tensor<64x64xf32>) outs(%30 : tensor<64x64xf32>) permutation = [1, 0] 
    %84 = linalg.matmul ins(%82, %83 : tensor<48x64xf32>, tensor<64x64xf32>) outs(%33 : tensor<48x64xf32>) -> tensor<48x64xf32>
    %85 = linalg.generic {indexing_maps = [#map6, #map7], iterator_types = ["parallel", "parallel"]} ins(%arg13 : tensor<64xf32>) outs(%32 : tensor<48x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<48x64xf32>
    %86 = linalg.generic {indexing_maps = [#map7, #map7, #map7], iterator_types = ["parallel", "parallel"]} ins(%84, %85 : tensor<48x64xf32>, tensor<48x64xf32>) outs(%32 : tensor<48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<48x64xf32>
    %87 = tensor.expand_shape %86 [[0, 1], [2]] output_shape [1, 48, 64] : tensor<48x64xf32> into tensor<1x48x64xf32>
    %88 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%87, %23 : tensor<1x48x64xf32>, tensor<1x48x64xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %89 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%88 : tensor<1x48x64xf32>) outs(%3 : tensor<1x48x64xf64>) {
    ^bb0(%in: f32, %out: f64):
      %y = arith.extf %in : f32 to f64
      linalg.yield %y : f64
    } -> tensor<1x48x64xf64>
    %90 = linalg.generic {indexing_maps = [#map1, #map3], iterator_types = ["parallel", "parallel", "reduction"]} ins(%89 : tensor<1x48x64xf64>) outs(%6 : tensor<1x48x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %y = arith.addf %in, %out : f64
      linalg.yield %y : f64
    } -> tensor<1x48x1xf64>
    %91 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%90 : tensor<1x48x1xf64>) outs(%5 : tensor<1x48x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %y = arith.divf %in, %cst_3 : f64
      linalg.yield %y : f64
    } -> tensor<1x48x1xf64>
    %92 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%89, %91 : tensor<1x48x64xf64>, tensor<1x48x1xf64>) outs(%3 : tensor<1x48x64xf64>) {
    ^bb0(%in: f64, %in_1: f64, %out: f64):
      %y = arith.subf %in, %in_1 : f64
      linalg.yield %y : f64
    } -> tensor<1x48x64xf64>
    %93 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%92, %92 : tensor<1x48x64xf64>, tensor<1x48x64xf64>) outs(%3 : tensor<1x48x64xf64>) {
    ^bb0(%in: f64, %in_1: f64, %out: f64):
      %y = arith.mulf %in, %in_1 : f64
      linalg.yield %y : f64
    } -> tensor<1x48x64xf64>
    %94 = linalg.generic {indexing_maps = [#map1, #map3], iterator_types = ["parallel", "parallel", "reduction"]} ins(%93 : tensor<1x48x64xf64>) outs(%6 : tensor<1x48x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %y = arith.addf %in, %out : f64
      linalg.yield %y : f64
    } -> tensor<1x48x1xf64>
    %95 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%94 : tensor<1x48x1xf64>) outs(%5 : tensor<1x48x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %y = arith.divf %in, %cst_3 : f64
      linalg.yield %y : f64
    } -> tensor<1x48x1xf64>
    %96 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%95 : tensor<1x48x1xf64>) outs(%13 : tensor<1x48x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %y = arith.truncf %in : f64 to f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %97 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%96 : tensor<1x48x1xf32>) outs(%13 : tensor<1x48x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %epsilon = arith.truncf %cst_4 : f64 to f32
      %y = arith.addf %in, %epsilon : f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %98 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%97 : tensor<1x48x1xf32>) outs(%13 : tensor<1x48x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = math.rsqrt %in : f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %99 = linalg.generic {indexing_maps = [#map1, #map3], iterator_types = ["parallel", "parallel", "reduction"]} ins(%88 : tensor<1x48x64xf32>) outs(%17 : tensor<1x48x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = arith.addf %in, %out : f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %100 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%99 : tensor<1x48x1xf32>) outs(%13 : tensor<1x48x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = arith.divf %in, %cst_6 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %101 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%88, %100 : tensor<1x48x64xf32>, tensor<1x48x1xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.subf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %102 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%101, %98 : tensor<1x48x64xf32>, tensor<1x48x1xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.mulf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %103 = linalg.generic {indexing_maps = [#map1, #map4, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%102, %arg14 : tensor<1x48x64xf32>, tensor<64xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.mulf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %104 = linalg.generic {indexing_maps = [#map1, #map4, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%103, %arg15 : tensor<1x48x64xf32>, tensor<64xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %105 = tensor.collapse_shape %104 [[0, 1], [2]] : tensor<1x48x64xf32> into tensor<48x64xf32>
    %106 = tensor.empty() : tensor<64x128xf32>
    %107 = linalg.transpose ins(%arg16 : tensor<128x64xf32>) outs(%106 : tensor<64x128xf32>) permutation = [1, 0] 
    %108 = tensor.empty() : tensor<48x128xf32>
    %109 = linalg.fill ins(%cst_5 : f32) outs(%108 : tensor<48x128xf32>) -> tensor<48x128xf32>
    %110 = linalg.matmul ins(%105, %107 : tensor<48x64xf32>, tensor<64x128xf32>) outs(%109 : tensor<48x128xf32>) -> tensor<48x128xf32>
    %111 = linalg.generic {indexing_maps = [#map6, #map7], iterator_types = ["parallel", "parallel"]} ins(%arg17 : tensor<128xf32>) outs(%108 : tensor<48x128xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<48x128xf32>
    %112 = linalg.generic {indexing_maps = [#map7, #map7, #map7], iterator_types = ["parallel", "parallel"]} ins(%110, %111 : tensor<48x128xf32>, tensor<48x128xf32>) outs(%108 : tensor<48x128xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<48x128xf32>
    %113 = tensor.expand_shape %112 [[0, 1], [2]] output_shape [1, 48, 128] : tensor<48x128xf32> into tensor<1x48x128xf32>
    %114 = tensor.empty() : tensor<1x48x128xf32>
    %115 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%113 : tensor<1x48x128xf32>) outs(%114 : tensor<1x48x128xf32>) {
    ^bb0(%in: f32, %out: f32):
      %positive = arith.cmpf ugt, %in, %cst_5 : f32
      %y = arith.select %positive, %in, %cst_5 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x128xf32>
    %116 = tensor.collapse_shape %115 [[0, 1], [2]] : tensor<1x48x128xf32> into tensor<48x128xf32>
    %117 = tensor.empty() : tensor<128x64xf32>
    %118 = linalg.transpose ins(%arg18 : tensor<64x128xf32>) outs(%117 : tensor<128x64xf32>) permutation = [1, 0] 
    %119 = linalg.matmul ins(%116, %118 : tensor<48x128xf32>, tensor<128x64xf32>) outs(%33 : tensor<48x64xf32>) -> tensor<48x64xf32>
    %120 = linalg.generic {indexing_maps = [#map6, #map7], iterator_types = ["parallel", "parallel"]} ins(%arg19 : tensor<64xf32>) outs(%32 : tensor<48x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<48x64xf32>
    %121 = linalg.generic {indexing_maps = [#map7, #map7, #map7], iterator_types = ["parallel", "parallel"]} ins(%119, %120 : tensor<48x64xf32>, tensor<48x64xf32>) outs(%32 : tensor<48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<48x64xf32>
    %122 = tensor.expand_shape %121 [[0, 1], [2]] output_shape [1, 48, 64] : tensor<48x64xf32> into tensor<1x48x64xf32>
    %123 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%122, %104 : tensor<1x48x64xf32>, tensor<1x48x64xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %124 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%123 : tensor<1x48x64xf32>) outs(%3 : tensor<1x48x64xf64>) {
    ^bb0(%in: f32, %out: f64):
      %y = arith.extf %in : f32 to f64
      linalg.yield %y : f64
    } -> tensor<1x48x64xf64>
    %125 = linalg.generic {indexing_maps = [#map1, #map3], iterator_types = ["parallel", "parallel", "reduction"]} ins(%124 : tensor<1x48x64xf64>) outs(%6 : tensor<1x48x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %y = arith.addf %in, %out : f64
      linalg.yield %y : f64
    } -> tensor<1x48x1xf64>
    %126 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%125 : tensor<1x48x1xf64>) outs(%5 : tensor<1x48x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %y = arith.divf %in, %cst_3 : f64
      linalg.yield %y : f64
    } -> tensor<1x48x1xf64>
    %127 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%124, %126 : tensor<1x48x64xf64>, tensor<1x48x1xf64>) outs(%3 : tensor<1x48x64xf64>) {
    ^bb0(%in: f64, %in_1: f64, %out: f64):
      %y = arith.subf %in, %in_1 : f64
      linalg.yield %y : f64
    } -> tensor<1x48x64xf64>
    %128 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%127, %127 : tensor<1x48x64xf64>, tensor<1x48x64xf64>) outs(%3 : tensor<1x48x64xf64>) {
    ^bb0(%in: f64, %in_1: f64, %out: f64):
      %y = arith.mulf %in, %in_1 : f64
      linalg.yield %y : f64
    } -> tensor<1x48x64xf64>
    %129 = linalg.generic {indexing_maps = [#map1, #map3], iterator_types = ["parallel", "parallel", "reduction"]} ins(%128 : tensor<1x48x64xf64>) outs(%6 : tensor<1x48x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %y = arith.addf %in, %out : f64
      linalg.yield %y : f64
    } -> tensor<1x48x1xf64>
    %130 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%129 : tensor<1x48x1xf64>) outs(%5 : tensor<1x48x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %y = arith.divf %in, %cst_3 : f64
      linalg.yield %y : f64
    } -> tensor<1x48x1xf64>
    %131 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%130 : tensor<1x48x1xf64>) outs(%13 : tensor<1x48x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %y = arith.truncf %in : f64 to f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %132 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%131 : tensor<1x48x1xf32>) outs(%13 : tensor<1x48x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %epsilon = arith.truncf %cst_4 : f64 to f32
      %y = arith.addf %in, %epsilon : f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %133 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%132 : tensor<1x48x1xf32>) outs(%13 : tensor<1x48x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = math.rsqrt %in : f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %134 = linalg.generic {indexing_maps = [#map1, #map3], iterator_types = ["parallel", "parallel", "reduction"]} ins(%123 : tensor<1x48x64xf32>) outs(%17 : tensor<1x48x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = arith.addf %in, %out : f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %135 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%134 : tensor<1x48x1xf32>) outs(%13 : tensor<1x48x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = arith.divf %in, %cst_6 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %136 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%123, %135 : tensor<1x48x64xf32>, tensor<1x48x1xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.subf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %137 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%136, %133 : tensor<1x48x64xf32>, tensor<1x48x1xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.mulf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %138 = linalg.generic {indexing_maps = [#map1, #map4, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%137, %arg20 : tensor<1x48x64xf32>, tensor<64xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.mulf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %139 = linalg.generic {indexing_maps = [#map1, #map4, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%138, %arg21 : tensor<1x48x64xf32>, tensor<64xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %140 = tensor.collapse_shape %139 [[0, 1], [2]] : tensor<1x48x64xf32> into tensor<48x64xf32>
    %141 = linalg.transpose ins(%arg22 : tensor<64x64xf32>) outs(%30 : tensor<64x64xf32>) permutation = [1, 0] 
    %142 = linalg.matmul ins(%140, %141 : tensor<48x64xf32>, tensor<64x64xf32>) outs(%33 : tensor<48x64xf32>) -> tensor<48x64xf32>
    %143 = linalg.generic {indexing_maps = [#map6, #map7], iterator_types = ["parallel", "parallel"]} ins(%arg23 : tensor<64xf32>) outs(%32 : tensor<48x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<48x64xf32>
    %144 = linalg.generic {indexing_maps = [#map7, #map7, #map7], iterator_types = ["parallel", "parallel"]} ins(%142, %143 : tensor<48x64xf32>, tensor<48x64xf32>) outs(%32 : tensor<48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<48x64xf32>
    %145 = tensor.expand_shape %144 [[0, 1], [2, 3]] output_shape [1, 48, 2, 32] : tensor<48x64xf32> into tensor<1x48x2x32xf32>
    %146 = linalg.transpose ins(%145 : tensor<1x48x2x32xf32>) outs(%38 : tensor<1x2x48x32xf32>) permutation = [0, 2, 1, 3] 
    %147 = tensor.collapse_shape %146 [[0, 1], [2], [3]] : tensor<1x2x48x32xf32> into tensor<2x48x32xf32>
    %148 = linalg.transpose ins(%arg24 : tensor<64x64xf32>) outs(%30 : tensor<64x64xf32>) permutation = [1, 0] 
    %149 = linalg.matmul ins(%140, %148 : tensor<48x64xf32>, tensor<64x64xf32>) outs(%33 : tensor<48x64xf32>) -> tensor<48x64xf32>
    %150 = linalg.generic {indexing_maps = [#map6, #map7], iterator_types = ["parallel", "parallel"]} ins(%arg25 : tensor<64xf32>) outs(%32 : tensor<48x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<48x64xf32>
    %151 = linalg.generic {indexing_maps = [#map7, #map7, #map7], iterator_types = ["parallel", "parallel"]} ins(%149, %150 : tensor<48x64xf32>, tensor<48x64xf32>) outs(%32 : tensor<48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<48x64xf32>
    %152 = tensor.expand_shape %151 [[0, 1], [2, 3]] output_shape [1, 48, 2, 32] : tensor<48x64xf32> into tensor<1x48x2x32xf32>
    %153 = linalg.transpose ins(%152 : tensor<1x48x2x32xf32>) outs(%46 : tensor<1x2x32x48xf32>) permutation = [0, 2, 3, 1] 
    %154 = tensor.collapse_shape %153 [[0, 1], [2], [3]] : tensor<1x2x32x48xf32> into tensor<2x32x48xf32>
    %155 = linalg.transpose ins(%arg26 : tensor<64x64xf32>) outs(%30 : tensor<64x64xf32>) permutation = [1, 0] 
    %156 = linalg.matmul ins(%140, %155 : tensor<48x64xf32>, tensor<64x64xf32>) outs(%33 : tensor<48x64xf32>) -> tensor<48x64xf32>
    %157 = linalg.generic {indexing_maps = [#map6, #map7], iterator_types = ["parallel", "parallel"]} ins(%arg27 : tensor<64xf32>) outs(%32 : tensor<48x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<48x64xf32>
    %158 = linalg.generic {indexing_maps = [#map7, #map7, #map7], iterator_types = ["parallel", "parallel"]} ins(%156, %157 : tensor<48x64xf32>, tensor<48x64xf32>) outs(%32 : tensor<48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<48x64xf32>
    %159 = tensor.expand_shape %158 [[0, 1], [2, 3]] output_shape [1, 48, 2, 32] : tensor<48x64xf32> into tensor<1x48x2x32xf32>
    %160 = linalg.transpose ins(%159 : tensor<1x48x2x32xf32>) outs(%38 : tensor<1x2x48x32xf32>) permutation = [0, 2, 1, 3] 
    %161 = tensor.collapse_shape %160 [[0, 1], [2], [3]] : tensor<1x2x48x32xf32> into tensor<2x48x32xf32>
    %162 = linalg.batch_matmul ins(%147, %154 : tensor<2x48x32xf32>, tensor<2x32x48xf32>) outs(%57 : tensor<2x48x48xf32>) -> tensor<2x48x48xf32>
    %163 = tensor.expand_shape %162 [[0, 1], [2], [3]] output_shape [1, 2, 48, 48] : tensor<2x48x48xf32> into tensor<1x2x48x48xf32>
    %164 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%163 : tensor<1x2x48x48xf32>) outs(%60 : tensor<1x2x48x48xf32>) {
    ^bb0(%in: f32, %out: f32):
      %scale = arith.truncf %cst_9 : f64 to f32
      %y = arith.mulf %in, %scale : f32
      linalg.yield %y : f32
    } -> tensor<1x2x48x48xf32>
    %165 = linalg.generic {indexing_maps = [#map5, #map8, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%164, %28 : tensor<1x2x48x48xf32>, tensor<1x1x1x48xf32>) outs(%60 : tensor<1x2x48x48xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x2x48x48xf32>
    %166:2 = linalg.generic {indexing_maps = [#map5, #map9, #map9], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%165 : tensor<1x2x48x48xf32>) outs(%64, %66 : tensor<1x2x48xf32>, tensor<1x2x48xi64>) {
    ^bb0(%in: f32, %out: f32, %out_1: i64):
      %position = linalg.index 3 : index
      %column = arith.index_cast %position : index to i64
      %greatest = arith.maximumf %in, %out : f32
      %greater = arith.cmpf ogt, %in, %out : f32
      %where = arith.select %greater, %column, %out_1 : i64
      linalg.yield %greatest, %where : f32, i64
    } -> (tensor<1x2x48xf32>, tensor<1x2x48xi64>)
    %167 = tensor.expand_shape %166#0 [[0], [1], [2, 3]] output_shape [1, 2, 48, 1] : tensor<1x2x48xf32> into tensor<1x2x48x1xf32>
    %168 = linalg.generic {indexing_maps = [#map5, #map10, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%165, %167 : tensor<1x2x48x48xf32>, tensor<1x2x48x1xf32>) outs(%60 : tensor<1x2x48x48xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.subf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x2x48x48xf32>
    %169 = linalg.generic {indexing_maps = [#map5, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%168 : tensor<1x2x48x48xf32>) outs(%60 : tensor<1x2x48x48xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = math.exp %in : f32
      linalg.yield %y : f32
    } -> tensor<1x2x48x48xf32>
    %170 = linalg.generic {indexing_maps = [#map5, #map10], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%169 : tensor<1x2x48x48xf32>) outs(%72 : tensor<1x2x48x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = arith.addf %in, %out : f32
      linalg.yield %y : f32
    } -> tensor<1x2x48x1xf32>
    %171 = linalg.generic {indexing_maps = [#map5, #map10, #map5], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%169, %170 : tensor<1x2x48x48xf32>, tensor<1x2x48x1xf32>) outs(%60 : tensor<1x2x48x48xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.divf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x2x48x48xf32>
    %172 = tensor.collapse_shape %171 [[0, 1], [2], [3]] : tensor<1x2x48x48xf32> into tensor<2x48x48xf32>
    %173 = linalg.batch_matmul ins(%172, %161 : tensor<2x48x48xf32>, tensor<2x48x32xf32>) outs(%77 : tensor<2x48x32xf32>) -> tensor<2x48x32xf32>
    %174 = tensor.expand_shape %173 [[0, 1], [2], [3]] output_shape [1, 2, 48, 32] : tensor<2x48x32xf32> into tensor<1x2x48x32xf32>
    %175 = linalg.transpose ins(%174 : tensor<1x2x48x32xf32>) outs(%80 : tensor<1x48x2x32xf32>) permutation = [0, 2, 1, 3] 
    %176 = tensor.collapse_shape %175 [[0, 1], [2, 3]] : tensor<1x48x2x32xf32> into tensor<48x64xf32>
    %177 = linalg.transpose ins(%arg28 : tensor<64x64xf32>) outs(%30 : tensor<64x64xf32>) permutation = [1, 0] 
    %178 = linalg.matmul ins(%176, %177 : tensor<48x64xf32>, tensor<64x64xf32>) outs(%33 : tensor<48x64xf32>) -> tensor<48x64xf32>
    %179 = linalg.generic {indexing_maps = [#map6, #map7], iterator_types = ["parallel", "parallel"]} ins(%arg29 : tensor<64xf32>) outs(%32 : tensor<48x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<48x64xf32>
    %180 = linalg.generic {indexing_maps = [#map7, #map7, #map7], iterator_types = ["parallel", "parallel"]} ins(%178, %179 : tensor<48x64xf32>, tensor<48x64xf32>) outs(%32 : tensor<48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<48x64xf32>
    %181 = tensor.expand_shape %180 [[0, 1], [2]] output_shape [1, 48, 64] : tensor<48x64xf32> into tensor<1x48x64xf32>
    %182 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%181, %139 : tensor<1x48x64xf32>, tensor<1x48x64xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %183 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%182 : tensor<1x48x64xf32>) outs(%3 : tensor<1x48x64xf64>) {
    ^bb0(%in: f32, %out: f64):
      %y = arith.extf %in : f32 to f64
      linalg.yield %y : f64
    } -> tensor<1x48x64xf64>
    %184 = linalg.generic {indexing_maps = [#map1, #map3], iterator_types = ["parallel", "parallel", "reduction"]} ins(%183 : tensor<1x48x64xf64>) outs(%6 : tensor<1x48x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %y = arith.addf %in, %out : f64
      linalg.yield %y : f64
    } -> tensor<1x48x1xf64>
    %185 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%184 : tensor<1x48x1xf64>) outs(%5 : tensor<1x48x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %y = arith.divf %in, %cst_3 : f64
      linalg.yield %y : f64
    } -> tensor<1x48x1xf64>
    %186 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%183, %185 : tensor<1x48x64xf64>, tensor<1x48x1xf64>) outs(%3 : tensor<1x48x64xf64>) {
    ^bb0(%in: f64, %in_1: f64, %out: f64):
      %y = arith.subf %in, %in_1 : f64
      linalg.yield %y : f64
    } -> tensor<1x48x64xf64>
    %187 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%186, %186 : tensor<1x48x64xf64>, tensor<1x48x64xf64>) outs(%3 : tensor<1x48x64xf64>) {
    ^bb0(%in: f64, %in_1: f64, %out: f64):
      %y = arith.mulf %in, %in_1 : f64
      linalg.yield %y : f64
    } -> tensor<1x48x64xf64>
    %188 = linalg.generic {indexing_maps = [#map1, #map3], iterator_types = ["parallel", "parallel", "reduction"]} ins(%187 : tensor<1x48x64xf64>) outs(%6 : tensor<1x48x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %y = arith.addf %in, %out : f64
      linalg.yield %y : f64
    } -> tensor<1x48x1xf64>
    %189 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%188 : tensor<1x48x1xf64>) outs(%5 : tensor<1x48x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %y = arith.divf %in, %cst_3 : f64
      linalg.yield %y : f64
    } -> tensor<1x48x1xf64>
    %190 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%189 : tensor<1x48x1xf64>) outs(%13 : tensor<1x48x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %y = arith.truncf %in : f64 to f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %191 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%190 : tensor<1x48x1xf32>) outs(%13 : tensor<1x48x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %epsilon = arith.truncf %cst_4 : f64 to f32
      %y = arith.addf %in, %epsilon : f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %192 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%191 : tensor<1x48x1xf32>) outs(%13 : tensor<1x48x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = math.rsqrt %in : f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %193 = linalg.generic {indexing_maps = [#map1, #map3], iterator_types = ["parallel", "parallel", "reduction"]} ins(%182 : tensor<1x48x64xf32>) outs(%17 : tensor<1x48x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = arith.addf %in, %out : f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %194 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%193 : tensor<1x48x1xf32>) outs(%13 : tensor<1x48x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = arith.divf %in, %cst_6 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %195 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%182, %194 : tensor<1x48x64xf32>, tensor<1x48x1xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.subf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %196 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%195, %192 : tensor<1x48x64xf32>, tensor<1x48x1xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.mulf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %197 = linalg.generic {indexing_maps = [#map1, #map4, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%196, %arg30 : tensor<1x48x64xf32>, tensor<64xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.mulf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %198 = linalg.generic {indexing_maps = [#map1, #map4, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%197, %arg31 : tensor<1x48x64xf32>, tensor<64xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %199 = tensor.collapse_shape %198 [[0, 1], [2]] : tensor<1x48x64xf32> into tensor<48x64xf32>
    %200 = linalg.transpose ins(%arg32 : tensor<128x64xf32>) outs(%106 : tensor<64x128xf32>) permutation = [1, 0] 
    %201 = linalg.matmul ins(%199, %200 : tensor<48x64xf32>, tensor<64x128xf32>) outs(%109 : tensor<48x128xf32>) -> tensor<48x128xf32>
    %202 = linalg.generic {indexing_maps = [#map6, #map7], iterator_types = ["parallel", "parallel"]} ins(%arg33 : tensor<128xf32>) outs(%108 : tensor<48x128xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<48x128xf32>
    %203 = linalg.generic {indexing_maps = [#map7, #map7, #map7], iterator_types = ["parallel", "parallel"]} ins(%201, %202 : tensor<48x128xf32>, tensor<48x128xf32>) outs(%108 : tensor<48x128xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<48x128xf32>
    %204 = tensor.expand_shape %203 [[0, 1], [2]] output_shape [1, 48, 128] : tensor<48x128xf32> into tensor<1x48x128xf32>
    %205 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%204 : tensor<1x48x128xf32>) outs(%114 : tensor<1x48x128xf32>) {
    ^bb0(%in: f32, %out: f32):
      %positive = arith.cmpf ugt, %in, %cst_5 : f32
      %y = arith.select %positive, %in, %cst_5 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x128xf32>
    %206 = tensor.collapse_shape %205 [[0, 1], [2]] : tensor<1x48x128xf32> into tensor<48x128xf32>
    %207 = linalg.transpose ins(%arg34 : tensor<64x128xf32>) outs(%117 : tensor<128x64xf32>) permutation = [1, 0] 
    %208 = linalg.matmul ins(%206, %207 : tensor<48x128xf32>, tensor<128x64xf32>) outs(%33 : tensor<48x64xf32>) -> tensor<48x64xf32>
    %209 = linalg.generic {indexing_maps = [#map6, #map7], iterator_types = ["parallel", "parallel"]} ins(%arg35 : tensor<64xf32>) outs(%32 : tensor<48x64xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<48x64xf32>
    %210 = linalg.generic {indexing_maps = [#map7, #map7, #map7], iterator_types = ["parallel", "parallel"]} ins(%208, %209 : tensor<48x64xf32>, tensor<48x64xf32>) outs(%32 : tensor<48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<48x64xf32>
    %211 = tensor.expand_shape %210 [[0, 1], [2]] output_shape [1, 48, 64] : tensor<48x64xf32> into tensor<1x48x64xf32>
    %212 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%211, %198 : tensor<1x48x64xf32>, tensor<1x48x64xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %213 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%212 : tensor<1x48x64xf32>) outs(%3 : tensor<1x48x64xf64>) {
    ^bb0(%in: f32, %out: f64):
      %y = arith.extf %in : f32 to f64
      linalg.yield %y : f64
    } -> tensor<1x48x64xf64>
    %214 = linalg.generic {indexing_maps = [#map1, #map3], iterator_types = ["parallel", "parallel", "reduction"]} ins(%213 : tensor<1x48x64xf64>) outs(%6 : tensor<1x48x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %y = arith.addf %in, %out : f64
      linalg.yield %y : f64
    } -> tensor<1x48x1xf64>
    %215 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%214 : tensor<1x48x1xf64>) outs(%5 : tensor<1x48x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %y = arith.divf %in, %cst_3 : f64
      linalg.yield %y : f64
    } -> tensor<1x48x1xf64>
    %216 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%213, %215 : tensor<1x48x64xf64>, tensor<1x48x1xf64>) outs(%3 : tensor<1x48x64xf64>) {
    ^bb0(%in: f64, %in_1: f64, %out: f64):
      %y = arith.subf %in, %in_1 : f64
      linalg.yield %y : f64
    } -> tensor<1x48x64xf64>
    %217 = linalg.generic {indexing_maps = [#map1, #map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%216, %216 : tensor<1x48x64xf64>, tensor<1x48x64xf64>) outs(%3 : tensor<1x48x64xf64>) {
    ^bb0(%in: f64, %in_1: f64, %out: f64):
      %y = arith.mulf %in, %in_1 : f64
      linalg.yield %y : f64
    } -> tensor<1x48x64xf64>
    %218 = linalg.generic {indexing_maps = [#map1, #map3], iterator_types = ["parallel", "parallel", "reduction"]} ins(%217 : tensor<1x48x64xf64>) outs(%6 : tensor<1x48x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %y = arith.addf %in, %out : f64
      linalg.yield %y : f64
    } -> tensor<1x48x1xf64>
    %219 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%218 : tensor<1x48x1xf64>) outs(%5 : tensor<1x48x1xf64>) {
    ^bb0(%in: f64, %out: f64):
      %y = arith.divf %in, %cst_3 : f64
      linalg.yield %y : f64
    } -> tensor<1x48x1xf64>
    %220 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%219 : tensor<1x48x1xf64>) outs(%13 : tensor<1x48x1xf32>) {
    ^bb0(%in: f64, %out: f32):
      %y = arith.truncf %in : f64 to f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %221 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%220 : tensor<1x48x1xf32>) outs(%13 : tensor<1x48x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %epsilon = arith.truncf %cst_4 : f64 to f32
      %y = arith.addf %in, %epsilon : f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %222 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%221 : tensor<1x48x1xf32>) outs(%13 : tensor<1x48x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = math.rsqrt %in : f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %223 = linalg.generic {indexing_maps = [#map1, #map3], iterator_types = ["parallel", "parallel", "reduction"]} ins(%212 : tensor<1x48x64xf32>) outs(%17 : tensor<1x48x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = arith.addf %in, %out : f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %224 = linalg.generic {indexing_maps = [#map1, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%223 : tensor<1x48x1xf32>) outs(%13 : tensor<1x48x1xf32>) {
    ^bb0(%in: f32, %out: f32):
      %y = arith.divf %in, %cst_6 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x1xf32>
    %225 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%212, %224 : tensor<1x48x64xf32>, tensor<1x48x1xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.subf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %226 = linalg.generic {indexing_maps = [#map1, #map3, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%225, %222 : tensor<1x48x64xf32>, tensor<1x48x1xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.mulf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %227 = linalg.generic {indexing_maps = [#map1, #map4, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%226, %arg36 : tensor<1x48x64xf32>, tensor<64xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.mulf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %228 = linalg.generic {indexing_maps = [#map1, #map4, #map1], iterator_types = ["parallel", "parallel", "parallel"]} ins(%227, %arg37 : tensor<1x48x64xf32>, tensor<64xf32>) outs(%0 : tensor<1x48x64xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x48x64xf32>
    %229 = tensor.extract_slice %228[0, 0, 0] [1, 1, 64] [1, 1, 1] : tensor<1x48x64xf32> to tensor<1x1x64xf32>
    %230 = tensor.collapse_shape %229 [[0, 1], [2]] : tensor<1x1x64xf32> into tensor<1x64xf32>
    %231 = tensor.empty() : tensor<64x6xf32>
    %232 = linalg.transpose ins(%arg38 : tensor<6x64xf32>) outs(%231 : tensor<64x6xf32>) permutation = [1, 0] 
    %233 = tensor.empty() : tensor<1x6xf32>
    %234 = linalg.fill ins(%cst_5 : f32) outs(%233 : tensor<1x6xf32>) -> tensor<1x6xf32>
    %235 = linalg.matmul ins(%230, %232 : tensor<1x64xf32>, tensor<64x6xf32>) outs(%234 : tensor<1x6xf32>) -> tensor<1x6xf32>
    %236 = linalg.generic {indexing_maps = [#map6, #map7], iterator_types = ["parallel", "parallel"]} ins(%arg39 : tensor<6xf32>) outs(%233 : tensor<1x6xf32>) {
    ^bb0(%in: f32, %out: f32):
      linalg.yield %in : f32
    } -> tensor<1x6xf32>
    %237 = linalg.generic {indexing_maps = [#map7, #map7, #map7], iterator_types = ["parallel", "parallel"]} ins(%235, %236 : tensor<1x6xf32>, tensor<1x6xf32>) outs(%233 : tensor<1x6xf32>) {
    ^bb0(%in: f32, %in_1: f32, %out: f32):
      %y = arith.addf %in, %in_1 : f32
      linalg.yield %y : f32
    } -> tensor<1x6xf32>
    return %237 : tensor<1x6xf32>
  }
}
