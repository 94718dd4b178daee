#include "base/ulid.h"

namespace seki {

namespace {
constexpr char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
}

void Ulid::write(char* out) const noexcept {
    // 26 digits of 5 bits are 130 bits: the first digit holds only the three highest bits.
    uint64_t upper = high;
    uint64_t lower = low;
    for (size_t i = text_size; i-- > 0;) {
        out[i] = alphabet[lower & 31U];
        lower = (lower >> 5U) | (upper << 59U);
        upper >>= 5U;
    }
}

std::string Ulid::text() const {
    std::string result(text_size, '0');
    write(result.data());
    return result;
}

}  // namespace seki
