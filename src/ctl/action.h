#pragma once

// What a command line asks for, once it is understood. Most verbs are one question; the others have an action of their
// own.

#include <chrono>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "command.pb.h"
#include "convert/convert.h"

namespace seki::ctl {

// Become the supervisor.
struct Start {};

// Load the configuration file, say whether it is valid, and connect to nobody.
struct CheckConfig {};

// One request, one answer.
struct Ask {
    enum class Patience {
        configured,  // the limit of --timeout or of the configuration
        minute,      // the server works longer than it takes to answer a question
        drain,       // ends when the last client is gone; only an explicit --timeout limits it
    };
    command::Request request;
    Patience patience = Patience::configured;
};

// Print events as they come, until the server goes away.
struct FollowEvents {};

// The same question again and again on one connection.
struct Watch {
    command::Request request;
    std::chrono::seconds interval;
};

// Read a cluster, put it back with something changed.
struct EditCluster {
    std::string cluster_id;
    std::function<void(command::Cluster&)> edit;
};

// Ask for a cluster, and show the tags of its frontends.
struct ShowTags {
    command::Request request;
};

// Send the changes of a file, in as many frames as it takes. `last` has the options.
struct ApplyFile {
    std::string path;
    command::ChangeSet last;
};

// Show what is different between two files.
struct DiffStates {
    std::string from;
    std::string to;
};

// Make a file for Seki of one of another proxy, and say what could not be made of it.
struct ConvertFile {
    convert::Format format;
    std::string path;
    std::string output;  // empty: stdout
    bool force = false;
    bool strict = false;
};

// Write a first configuration file, for a site of which this much is known. What is empty is asked for, but for the
// certificate, without which there is only HTTP.
struct InitFile {
    std::vector<std::string> hostnames;
    std::vector<std::string> backends;  // IP:PORT
    std::string certificate;            // files in PEM
    std::string key;
    std::string http;  // where it listens, IP:PORT
    std::string https;
    std::string output;
    bool force = false;
};

// Show a configuration file as it is to be written, put it in place, or say whether it is like that.
struct FormatFile {
    enum class Mode { print, write, check };
    std::string path;  // empty: the configuration file; "-": stdin
    Mode mode = Mode::print;
};

// Print the help of the verb that these words name; of all where there are none.
struct PrintHelp {
    std::vector<std::string> words;
};
struct PrintVersion {};
// Print the JSON schema of the configuration file.
struct PrintSchema {};

// Print what completes the command line in a shell, or its manual page. Done while the arguments are parsed, whose tree
// both describe.
struct PrintCompletions {
    std::string shell;
};
struct PrintManual {};

using Action = std::variant<Start, CheckConfig, Ask, FollowEvents, Watch, EditCluster, ShowTags, ApplyFile, DiffStates,
                            ConvertFile, InitFile, FormatFile, PrintHelp, PrintVersion, PrintSchema, PrintCompletions,
                            PrintManual>;

}  // namespace seki::ctl
