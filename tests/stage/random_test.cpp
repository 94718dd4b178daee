// SEKI_SEEDS says how many seeds are tried (200), SEKI_FIRST_SEED from which on (1), SEKI_SEED which one alone.

#include <cstdlib>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "stage/swarm.h"

namespace seki::stage {
namespace {

uint64_t number_from(const char* variable, uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

void run_seed(uint64_t seed) {
    SCOPED_TRACE(fmt::format("SEKI_SEED={}", seed));
    if (std::getenv("SEKI_TELL") != nullptr) fmt::print(stderr, "SEKI_SEED={}\n", seed);
    Swarm swarm(seed);
    swarm.run(800);
}

TEST(Swarm, of_clients_and_backends_gets_what_it_is_due) {
    if (const uint64_t seed = number_from("SEKI_SEED", 0); seed != 0) return run_seed(seed);
    const uint64_t first = number_from("SEKI_FIRST_SEED", 1);
    const uint64_t seeds = number_from("SEKI_SEEDS", 200);
    for (uint64_t seed = first; seed < first + seeds; ++seed) {
        run_seed(seed);
        if (HasFailure()) {
            fmt::print(stderr, "failed with SEKI_SEED={}\n", seed);
            return;
        }
    }
}

}  // namespace
}  // namespace seki::stage
