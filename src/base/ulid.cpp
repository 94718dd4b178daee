#include "base/ulid.h"

#include <cstring>

namespace seki {

namespace {

constexpr char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

// Two digits at a time: every request has an identifier that is written out.
constexpr auto pairs = [] {
    std::array<std::array<char, 2>, 1024> table{};
    for (size_t i = 0; i < table.size(); ++i) table[i] = {alphabet[i / 32], alphabet[i % 32]};
    return table;
}();

}  // namespace

void Ulid::write(char* out) const noexcept {
    // 26 digits of 5 bits are 130 bits: the first digit holds only the three highest bits.
    uint64_t upper = high;
    uint64_t lower = low;
    for (size_t i = text_size; i > 0; i -= 2) {
        std::memcpy(out + i - 2, pairs[lower & 1023U].data(), 2);
        lower = (lower >> 10U) | (upper << 54U);
        upper >>= 10U;
    }
}

std::string Ulid::text() const {
    std::string result(text_size, '0');
    write(result.data());
    return result;
}

}  // namespace seki
