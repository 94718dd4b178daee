#pragma once

// Where the codecs of one worker put the head that they have just read: one for all connections, because a head is
// acted upon before anything else is read. So a connection that waits holds none.

#include <string>

#include "http/message.h"

namespace seki::http {

struct HeadStorage {
    // The longest trailer section that is read.
    static constexpr size_t max_trailer_bytes = 4096;

    RequestHead request;
    ResponseHead response;
    FieldTable trailers;
    // Of the request, when they do not stand in the message as they are to be.
    std::string path;
    std::string authority;
    std::string upgrade;
};

}  // namespace seki::http
