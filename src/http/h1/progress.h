#pragma once

// Where a codec is in the messages that its connection carries: all that one needs to know that goes on elsewhere, for
// what was read and not used yet goes along as bytes. What comes from elsewhere is checked: go_on() is false for a
// place that there is not.

#include <cstdint>

namespace seki::http::h1 {

struct Progress {
    struct Reading {
        uint8_t state = 0;  // of BodyReader
        uint64_t left = 0;
        uint16_t line_bytes = 0;
    };
    struct Writing {
        uint8_t kind = 0;  // BodyKind
        uint64_t left = 0;
        bool ended = true;
    };
    uint8_t state = 0;  // of the codec
    Reading reading;
    Writing writing;
    bool old_version = false;  // of the request: HTTP/1.0
    bool to_head = false;      // the request is HEAD
    bool persistent = true;
};

}  // namespace seki::http::h1
