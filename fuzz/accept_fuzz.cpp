// Which type a client likes best does not depend on the order in which it says so.

#include "codec_fuzz.h"
#include "http/accept.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace seki;
    const std::string_view accept(reinterpret_cast<const char*>(data), size);
    const http::AnswerType type = http::preferred_type(accept);
    fuzz::require(!http::content_type(type).empty());
    for (size_t comma = accept.find(','); comma != std::string_view::npos; comma = accept.find(',', comma + 1)) {
        const std::string turned = std::string(accept.substr(comma + 1)) + "," + std::string(accept.substr(0, comma));
        fuzz::require(http::preferred_type(turned) == type);
        if (comma > 4096) break;
    }
    return 0;
}
