#include "base/own_heap.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>

namespace seki {
namespace {

TEST(OwnHeap, gives_what_the_work_returns_made_elsewhere) {
    const std::thread::id here = std::this_thread::get_id();
    std::thread::id there;
    const auto made = in_own_heap([&there] {
        there = std::this_thread::get_id();
        return std::make_unique<std::string>("whatever moves");
    });
    EXPECT_EQ(*made, "whatever moves");
    EXPECT_NE(there, here);
}

}  // namespace
}  // namespace seki
