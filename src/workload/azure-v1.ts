// biome-ignore-all format: written by docs/workload.test.ts, which tells how
import type { TraceModel } from './model.ts'

/**
 * `azure-v1-dev.csv`: 3.47 days of Azure's public VM trace of 2017, AzurePublicDataset V1, CC BY 4.0 (Cortez et al., "Resource
 * Central", SOSP 2017). Fitted by `fitModel`.
 */
export const AZURE_V1: TraceModel = {
  vms: 259159,
  durationS: 300000,
  kinds: [
    {
      share: 0.5792,
      sizes: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
      rhythm: { amplitude: 0.4356, peakS: 66705, surge: 0.105, surgeS: 6300, echo: 0.01983 },
      mixedShare: 0,
      loyalty: 1,
      spread: { mean: 0, deviation: 0 },
      lifetimes: {
        stepsS: [1, 126, 421, 651, 1155, 1841, 3396, 7364, 15439, 29161, 46055, 56623, 84906, 190840],
        tail: 0.9312,
      },
      flavours: [
        {
          vcpus: 1,
          memoryGib: 1.75,
          share: 0.629,
          lifetimes: {
            stepsS: [1, 106, 378, 567, 1061, 2019, 4756, 10625, 21480, 34180, 47263, 55424, 72805, 152336],
            tail: 1.235,
          },
        },
        {
          vcpus: 2,
          memoryGib: 3.5,
          share: 0.1986,
          lifetimes: { stepsS: [2, 182, 648, 906, 1277, 1730, 2470, 4695, 10014, 21668, 42209, 60989, 100803], tail: 0.659 },
        },
        {
          vcpus: 1,
          memoryGib: 0.75,
          share: 0.07027,
          lifetimes: {
            stepsS: [14, 302, 453, 628, 1019, 1792, 3860, 7065, 11415, 13549, 18991, 27529, 46385, 157993],
            tail: 0.6306,
          },
        },
        {
          vcpus: 4,
          memoryGib: 7,
          share: 0.06334,
          lifetimes: { stepsS: [25, 263, 898, 1316, 1616, 1867, 2267, 3642, 8239, 17188, 63661, 123626], tail: 0.6047 },
        },
        {
          vcpus: 8,
          memoryGib: 14,
          share: 0.03108,
          lifetimes: { stepsS: [3, 85, 368, 513, 831, 1184, 1685, 2092, 2629, 5402, 12218, 32754, 198168], tail: 0.146 },
        },
        {
          vcpus: 8,
          memoryGib: 56,
          share: 0.005664,
          lifetimes: { stepsS: [479, 665, 1475, 3209, 6489, 55011, 60599, 61283, 70800, 155700], tail: 0.7907 },
        },
        { vcpus: 2, memoryGib: 14, share: 0.0008463 },
        { vcpus: 2, memoryGib: 4, share: 0.0006184 },
        { vcpus: 4, memoryGib: 28, share: 0.0005859 },
      ],
    },
    {
      share: 0.3425,
      sizes: [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 6, 7, 8],
      rhythm: { amplitude: 0.405, peakS: 65528, surge: 0.1625, surgeS: 4800, echo: 0.02908 },
      mixedShare: 0.1346,
      loyalty: 0,
      spread: { mean: -2.914, deviation: 1.362 },
      lifetimes: { stepsS: [1, 87, 371, 600, 1036, 1561, 2365, 5028, 12181, 25886, 42259, 52913, 70055, 153498], tail: 1.05 },
      flavours: [
        {
          vcpus: 1,
          memoryGib: 1.75,
          share: 0.5197,
          lifetimes: {
            stepsS: [1, 64, 314, 513, 1022, 1769, 4712, 12622, 22629, 33749, 45631, 53675, 64235, 132535, 168899],
            tail: 1.753,
          },
        },
        {
          vcpus: 2,
          memoryGib: 3.5,
          share: 0.2642,
          lifetimes: { stepsS: [1, 118, 414, 640, 969, 1353, 1728, 2255, 4100, 11727, 31647, 43588, 69734], tail: 0.5522 },
        },
        {
          vcpus: 4,
          memoryGib: 7,
          share: 0.1043,
          lifetimes: { stepsS: [5, 377, 870, 1199, 1545, 2026, 2888, 3760, 6499, 16001, 59824, 86860, 171815], tail: 0.5795 },
        },
        {
          vcpus: 8,
          memoryGib: 14,
          share: 0.07228,
          lifetimes: { stepsS: [4, 135, 414, 598, 908, 1202, 1662, 2162, 3307, 5664, 8978, 12124, 40616, 143347], tail: 0.5281 },
        },
        {
          vcpus: 1,
          memoryGib: 0.75,
          share: 0.02853,
          lifetimes: {
            stepsS: [7, 139, 359, 498, 687, 819, 1083, 1695, 4035, 8130, 13421, 16502, 28826, 56240, 139588],
            tail: 0.8686,
          },
        },
        {
          vcpus: 8,
          memoryGib: 56,
          share: 0.01046,
          lifetimes: { stepsS: [58, 266, 1604, 2248, 4612, 54357, 56405, 58354, 59149, 59861, 61432, 138000], tail: 0.4081 },
        },
        { vcpus: 4, memoryGib: 28, share: 0.0005514 },
      ],
    },
    {
      share: 0.07213,
      sizes: [9, 9, 9, 10, 11, 11, 12, 13, 14, 15, 16, 18, 20, 23, 26, 31, 35, 42, 54, 75, 128],
      rhythm: { amplitude: 0.1286, peakS: 70079, surge: 0.2692, surgeS: 1200, echo: 0.05405 },
      mixedShare: 0.4678,
      loyalty: 0.6587,
      spread: { mean: -2.296, deviation: 1.285 },
      lifetimes: { stepsS: [1, 75, 328, 441, 689, 981, 1301, 1664, 2265, 3603, 6730, 9848, 20956, 79947], tail: 0.5217 },
      flavours: [
        {
          vcpus: 1,
          memoryGib: 1.75,
          share: 0.4082,
          lifetimes: {
            stepsS: [1, 54, 287, 425, 688, 943, 1219, 1500, 1789, 2305, 3009, 4723, 13277, 45412, 93823, 171414],
            tail: 1.579,
          },
        },
        {
          vcpus: 2,
          memoryGib: 3.5,
          share: 0.2723,
          lifetimes: { stepsS: [1, 67, 311, 377, 512, 690, 946, 1266, 1693, 2833, 6248, 9685, 29863, 150686], tail: 0.223 },
        },
        {
          vcpus: 8,
          memoryGib: 14,
          share: 0.1847,
          lifetimes: {
            stepsS: [1, 171, 408, 576, 943, 1492, 2372, 4423, 5535, 6652, 8315, 9880, 11975, 16759, 48522],
            tail: 0.5767,
          },
        },
        {
          vcpus: 4,
          memoryGib: 7,
          share: 0.1245,
          lifetimes: { stepsS: [2, 304, 490, 735, 1093, 1368, 1678, 2266, 3418, 5688, 13708, 31432, 85392], tail: 0.2096 },
        },
        {
          vcpus: 8,
          memoryGib: 56,
          share: 0.006808,
          lifetimes: { stepsS: [366, 489, 1984, 8797, 48123], tail: 0.06766 },
        },
        {
          vcpus: 1,
          memoryGib: 0.75,
          share: 0.003532,
          lifetimes: { stepsS: [14, 55, 323, 401, 551, 699, 1079, 1625, 3047, 8984, 52667], tail: 0.1713 },
        },
      ],
    },
    {
      share: 0.006195,
      sizes: [129, 136, 141, 150, 157, 168, 177, 183, 195, 205, 213, 221, 232, 244, 261, 271, 284, 305, 330, 363, 587],
      rhythm: { amplitude: 0.1414, peakS: 3574, surge: 0, surgeS: 600, echo: 0.5296 },
      mixedShare: 0.03951,
      loyalty: 0,
      spread: { mean: -2.14, deviation: 0.9867 },
      lifetimes: {
        stepsS: [1, 301, 508, 655, 820, 981, 1142, 1298, 1451, 1654, 1995, 2353, 2778, 5363, 10578, 32541],
        tail: 0.5344,
      },
      flavours: [
        {
          vcpus: 1,
          memoryGib: 1.75,
          share: 0.9135,
          lifetimes: {
            stepsS: [1, 286, 488, 650, 832, 1003, 1168, 1314, 1455, 1646, 1960, 2292, 2678, 4575, 8348, 19854, 37111],
            tail: 1.08,
          },
        },
        {
          vcpus: 4,
          memoryGib: 7,
          share: 0.07695,
          lifetimes: {
            stepsS: [39, 604, 635, 674, 750, 828, 909, 1016, 1124, 1637, 2088, 2694, 3263, 8947, 64335, 115783, 154159],
            tail: 5,
          },
        },
        {
          vcpus: 2,
          memoryGib: 3.5,
          share: 0.006137,
          lifetimes: { stepsS: [103, 224, 639, 1808, 2931, 21252], tail: 0.05 },
        },
        {
          vcpus: 8,
          memoryGib: 14,
          share: 0.003398,
          lifetimes: {
            stepsS: [1, 285, 443, 642, 721, 848, 1018, 1228, 1359, 1486, 4719, 5347, 5931, 6611, 6852, 7306, 8857],
            tail: 5,
          },
        },
      ],
    },
  ],
}
