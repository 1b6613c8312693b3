# library.cmake: libsemid.so.0, made of the objects that semid_core holds. It exports what the public headers declare SID_API and
# nothing else.
add_library(semid_shared SHARED $<TARGET_OBJECTS:semid_objects>)
set_target_properties(semid_shared PROPERTIES OUTPUT_NAME semid EXPORT_NAME semid
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
    LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/libsemid.map)
if(SKBUILD) # a Python wheel: one file without links, beside the modules
    set_target_properties(semid_shared PROPERTIES VERSION ${PROJECT_VERSION_MAJOR})
    install(TARGETS semid_shared LIBRARY DESTINATION . COMPONENT python NAMELINK_SKIP)
endif()
target_include_directories(semid_shared INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_options(semid_shared PRIVATE LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/libsemid.map
    LINKER:--as-needed)
if(NOT SEMID_SANITIZE) # a sanitizer's functions come from the program
    target_link_options(semid_shared PRIVATE LINKER:--no-undefined)
endif()
# BUILD_INTERFACE: users of the installed library need none of these.
target_link_libraries(semid_shared PRIVATE $<BUILD_INTERFACE:semid_flags> Threads::Threads ZLIB::ZLIB
    PkgConfig::SQLITE PkgConfig::JANSSON PkgConfig::UTF8PROC m)
