// An NVIDIA H200 for cuDNN's heuristics, which need no device but only its numbers (cuDNN 9.8 and later; the form is what
// CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION takes and gives).
#pragma once

#include "cudnn/convolution.h"

namespace effnet::tests {

inline cudnn::Device described_h200() {
  return cudnn::Device::described(R"({
    "cudaDeviceId": 0, "deviceName": "NVIDIA H200", "deviceVer": 900, "driverVer": 13000, "isTccDriver": 0,
    "multiProcessorCount": 132, "smClockRateKHz": 1980000, "memClockRateKHz": 3201000, "pciDeviceId": 0,
    "totalGlobalMem": 150754820096, "l2CacheSize": 62914560, "warpSize": 32,
    "maxGridSize": [2147483647, 65535, 65535], "maxBlockSize": [1024, 1024, 64],
    "maxThreadsPerBlock": 1024, "maxThreadsPerSM": 2048, "maxCtasPerSM": 32,
    "regsPerBlock": 65536, "maxRegistersPerSM": 65536, "maxSharedMemoryPerBlock": 49152,
    "maxSharedMemoryPerBlockOptin": 232448, "reservedSharedMemoryPerBlock": 1024, "supportCoopLaunch": 1
  })");
}

}  // namespace effnet::tests
