/** Set by build.mjs: false in what goes to the stores. */
declare const DEVELOPMENT_BUILD: boolean;
