#pragma once

// A fast random source for balancing, jitter and identifiers; not for secrets. Randomness is a parameter: tests
// construct it from a seed that they print, processes from the kernel's entropy. Algorithm: xoshiro256** seeded by
// splitmix64 (https://prng.di.unimi.it).

#include <array>
#include <bit>
#include <cstdint>

namespace seki {

class Random {
public:
    explicit Random(uint64_t seed) noexcept {
        for (uint64_t& word : state_) {
            seed += 0x9E3779B97F4A7C15U;
            uint64_t z = seed;
            z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
            z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
            word = z ^ (z >> 31U);
        }
    }

    // Seeded by getrandom(2).
    static Random from_kernel();

    uint64_t next() noexcept {
        const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
        const uint64_t t = state_[1] << 17U;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= t;
        state_[3] = std::rotl(state_[3], 45);
        return result;
    }

    // Uniform in [0, bound); bound > 0. The bias of the multiplication is below 2^-32 for every bound that a proxy has.
    uint32_t below(uint32_t bound) noexcept { return static_cast<uint32_t>(((next() >> 32U) * bound) >> 32U); }

private:
    std::array<uint64_t, 4> state_{};
};

}  // namespace seki
