# install.cmake: what `cmake --install` puts where. Components are the Debian packages of package.cmake.
include(CMakePackageConfigHelpers)

install(TARGETS semid RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT semid)
install(TARGETS semid_shared EXPORT semidTargets
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libsemid0 NAMELINK_COMPONENT libsemid-dev)
install(FILES include/semid.h include/semid_model.h include/semid_rank.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT libsemid-dev)

# For pkg-config and find_package; both find their folders from where they stand.
set(SEMID_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/semid)
file(RELATIVE_PATH SEMID_PC_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" SEMID_PC_TO_PREFIX "${SEMID_PC_TO_PREFIX}")
configure_file(cmake/semid.pc.in semid.pc @ONLY)
configure_package_config_file(cmake/semidConfig.cmake.in semidConfig.cmake INSTALL_DESTINATION ${SEMID_CMAKE_DIR})
write_basic_package_version_file(semidConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/semid.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT libsemid-dev)
install(FILES ${PROJECT_BINARY_DIR}/semidConfig.cmake ${PROJECT_BINARY_DIR}/semidConfigVersion.cmake
    DESTINATION ${SEMID_CMAKE_DIR} COMPONENT libsemid-dev)
install(EXPORT semidTargets NAMESPACE semid:: DESTINATION ${SEMID_CMAKE_DIR} COMPONENT libsemid-dev)

# /usr on Debian has places of its own for some files, and wants pages compressed.
set(SEMID_IS_DEBIAN OFF)
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr" AND EXISTS /etc/debian_version)
    set(SEMID_IS_DEBIAN ON)
endif()

set(examples_directory doc/semid/examples)
install(FILES README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/semid COMPONENT semid)

# The date of pages and change log: SOURCE_DATE_EPOCH, else that of CHANGELOG.md, so that two builds of one tree are equal.
set(page_date "$ENV{SOURCE_DATE_EPOCH}")
if(page_date STREQUAL "")
    file(TIMESTAMP CHANGELOG.md page_date "%s" UTC)
endif()
if(SEMID_IS_DEBIAN) # the license is /usr/share/common-licenses/Apache-2.0
    set(examples_directory doc/libsemid-dev/examples)
    set(ENV{SOURCE_DATE_EPOCH} ${page_date})
    string(TIMESTAMP SEMID_CHANGELOG_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
    configure_file(cmake/changelog.in debian/changelog @ONLY)
    execute_process(COMMAND gzip -9nfk changelog WORKING_DIRECTORY ${PROJECT_BINARY_DIR}/debian COMMAND_ERROR_IS_FATAL ANY)
    include(cmake/python3.cmake)
    foreach(package semid libsemid0 libsemid-dev python3-semid)
        install(FILES cmake/copyright ${PROJECT_BINARY_DIR}/debian/changelog.gz
            DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${package})
    endforeach()
else()
    install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/semid COMPONENT semid)
endif()
include(cmake/service.cmake)
install(FILES examples/fit_neighbors.c examples/add_remove.c examples/vector_codes.c examples/recommend_next.c
    DESTINATION ${CMAKE_INSTALL_DATADIR}/${examples_directory} COMPONENT libsemid-dev)

# Pages and completions are printed by the program just built; a program for another CPU cannot run here.
if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
    message(STATUS "cross-compiling: no manual pages and completions")
    return()
endif()

set(print ${CMAKE_COMMAND} -E env SOURCE_DATE_EPOCH=${page_date} $<TARGET_FILE:semid> help)
set(printed)

# printed_file(FILE DIRECTORY NAME WORDS...): FILE is what `semid help WORDS` prints, installed as DIRECTORY/NAME.
function(printed_file file directory name)
    set(compress)
    if(SEMID_IS_DEBIAN AND file MATCHES "\\.1$")
        set(compress COMMAND gzip -9nfk ${file})
        set(install_ending ".gz")
    endif()
    add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/share/${file} COMMAND ${print} ${ARGN} > ${file} ${compress} DEPENDS semid
        WORKING_DIRECTORY ${PROJECT_BINARY_DIR}/share VERBATIM)
    install(FILES ${PROJECT_BINARY_DIR}/share/${file}${install_ending}
        DESTINATION ${CMAKE_INSTALL_DATADIR}/${directory} RENAME ${name}${install_ending} COMPONENT semid)
    set(printed ${printed} ${PROJECT_BINARY_DIR}/share/${file} PARENT_SCOPE)
endfunction()

file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/share)
printed_file(semid.1 man/man1 semid.1 --man)
file(READ cli/verbs.h verbs)
string(REGEX MATCHALL "    X\\([a-z]+\\)" verbs "${verbs}")
foreach(row ${verbs})
    string(REGEX REPLACE "    X\\((.*)\\)" "\\1" verb ${row})
    printed_file(semid-${verb}.1 man/man1 semid-${verb}.1 --man ${verb})
endforeach()
set(zsh_directory zsh/site-functions)
if(SEMID_IS_DEBIAN)
    set(zsh_directory zsh/vendor-completions)
endif()
printed_file(semid.bash bash-completion/completions semid --completions bash)
printed_file(semid.zsh ${zsh_directory} _semid --completions zsh)
printed_file(semid.fish fish/vendor_completions.d semid.fish --completions fish)
add_custom_target(semid_pages ALL DEPENDS ${printed})
