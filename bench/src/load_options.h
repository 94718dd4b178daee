#pragma once

// What one load generator does; see the table in load.cpp.

#include "net.h"

namespace bench {

enum class Ending {
    keep,
    close,
    hang
};  // of a connection after its request: stays, the server closes, the client does

struct Options {
    sockaddr_in target{};
    int connections = 64;
    long warm_up = 0;
    std::string path = "/1k";
    std::string host = "bench.test";
    long hosts = 0;  // > 0: rotate over h00000.bench.test and so on
    long first_host = 0;
    Ending ending = Ending::keep;
    double rate = 0;  // > 0: requests per second, open loop
    double longest_slice_seconds = 30;
    unsigned sources = 1;  // > 1: rotate over 127.0.0.2 and so on
    bool secured = false;  // through TLS
    bool resumes = false;  // sessions
    bool idle = false;     // one request per connection, then hold them all
};

inline Ending parse_ending(const std::string& text) {
    if (text == "close") return Ending::close;
    return text == "hang" ? Ending::hang : Ending::keep;
}

inline Options parse_options(int argc, char** argv) {
    Options options;
    for (int option; (option = getopt(argc, argv, "a:c:w:u:H:N:h:k:r:D:S:sRi")) > 0;) {
        switch (option) {
            case 'a':
                options.target = parse_address(optarg);
                break;
            case 'c':
                options.connections = std::stoi(optarg);
                break;
            case 'w':
                options.warm_up = std::stol(optarg);
                break;
            case 'u':
                options.path = optarg;
                break;
            case 'H':
                options.host = optarg;
                break;
            case 'N':
                options.hosts = std::stol(optarg);
                break;
            case 'h':
                options.first_host = std::stol(optarg);
                break;
            case 'k':
                options.ending = parse_ending(optarg);
                break;
            case 'r':
                options.rate = std::stod(optarg);
                break;
            case 'D':
                options.longest_slice_seconds = std::stod(optarg);
                break;
            case 'S':
                options.sources = static_cast<unsigned>(std::stoul(optarg));
                break;
            case 's':
                options.secured = true;
                break;
            case 'R':
                options.resumes = true;
                break;
            case 'i':
                options.idle = true;
                break;
            default:
                std::exit(2);
        }
    }
    return options;
}

}  // namespace bench
