#include "http/codec.h"

namespace seki::http {

std::string_view describe(Fault fault) noexcept {
    switch (fault) {
        case Fault::none:
            return "none";
        case Fault::bad_request_line:
            return "malformed request line";
        case Fault::bad_status_line:
            return "malformed status line";
        case Fault::bad_field:
            return "malformed header field";
        case Fault::bad_host:
            return "missing or malformed host";
        case Fault::bad_target:
            return "malformed request target";
        case Fault::bad_length:
            return "bad content length";
        case Fault::length_and_coding:
            return "both content length and transfer coding";
        case Fault::bad_coding:
            return "malformed transfer coding";
        case Fault::unknown_coding:
            return "unsupported transfer coding";
        case Fault::bad_chunk:
            return "malformed chunk";
        case Fault::bad_trailer:
            return "malformed trailer section";
        case Fault::version_not_supported:
            return "unsupported HTTP version";
        case Fault::target_too_long:
            return "request target too long";
        case Fault::head_too_large:
            return "message head too large";
        case Fault::too_many_fields:
            return "too many header fields";
        case Fault::truncated:
            return "message cut off";
        case Fault::unexpected_bytes:
            return "unexpected bytes";
        case Fault::too_many_interim:
            return "too many interim responses";
    }
    return "?";
}

uint16_t status_for(Fault fault) noexcept {
    switch (fault) {
        case Fault::target_too_long:
            return 414;
        case Fault::head_too_large:
        case Fault::too_many_fields:
            return 431;
        case Fault::unknown_coding:
            return 501;
        case Fault::version_not_supported:
            return 505;
        default:
            return 400;
    }
}

}  // namespace seki::http
